#include "check.h"

unsigned long checks_done;
unsigned long checks_failed;

int main(void)
{
    test_profile22();
    test_send_clock();
    test_sequence();
    test_slcan();
    test_cobs();
    test_receiver();
    printf("%lu checks, %lu failed\n", checks_done, checks_failed);
    return checks_failed == 0 ? 0 : 1;
}
