#include "check.h"

unsigned checks_done;
unsigned checks_failed;

int main(void)
{
    test_profile22();
    test_send_clock();
    test_sequence();
    test_slcan();
    test_cobs();
    test_receiver();
    printf("%u checks, %u failed\n", checks_done, checks_failed);
    return checks_failed == 0 ? 0 : 1;
}
