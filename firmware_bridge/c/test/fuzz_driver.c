/* Runs a fuzz target for some seconds: `fuzz_slcan SECONDS SEED`. Prints the input that fails. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fuzz.h"

enum { CAPACITY = 600 };

static uint8_t input[CAPACITY];
static size_t input_size;

/* Of the sanitizers' runtime: called before the program ends for an error that it found. */
void __sanitizer_set_death_callback(void (*callback)(void));

static void print_input(void)
{
    fprintf(stderr, "input:");
    for (size_t i = 0; i < input_size; i++) {
        fprintf(stderr, " %02x", input[i]);
    }
    fprintf(stderr, "\n");
}

static void aborted(int signal_number)
{
    (void)signal_number;
    print_input();
    _Exit(1);
}

static size_t below(uint32_t *random, size_t bound)
{
    return fuzz_random(random) % bound;
}

/* Flips a bit, replaces, removes or doubles some bytes: what a bad line does. */
static void damage(uint32_t *random)
{
    const size_t at = below(random, input_size);
    size_t length = 1 + below(random, 8);

    if (length > input_size - at) {
        length = input_size - at;
    }
    switch (below(random, 4)) {
    case 0:
        input[at] ^= (uint8_t)(1U << below(random, 8));
        break;
    case 1:
        input[at] = (uint8_t)fuzz_random(random);
        break;
    case 2:
        memmove(&input[at], &input[at + length], input_size - at - length);
        input_size -= length;
        break;
    default:
        if (input_size + length <= CAPACITY) {
            memmove(&input[at + length], &input[at], input_size - at);
            input_size += length;
        }
        break;
    }
}

static void make_input(uint32_t *random)
{
    if (below(random, 8) == 0) {
        input_size = below(random, CAPACITY);
        for (size_t i = 0; i < input_size; i++) {
            input[i] = (uint8_t)fuzz_random(random);
        }
        return;
    }
    input_size = fuzz_plausible(random, input, CAPACITY);
    for (size_t left = below(random, 6); left > 0 && input_size > 0; left--) {
        damage(random);
    }
}

int main(int argc, char **argv)
{
    const long seconds = argc > 1 ? strtol(argv[1], NULL, 10) : 10;
    const unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    uint32_t random = (uint32_t)seed * 2654435761U;
    const time_t end = time(NULL) + seconds;
    unsigned long inputs = 0;

    __sanitizer_set_death_callback(print_input);
    (void)signal(SIGABRT, aborted);
    if (random == 0) { /* where xorshift stays for ever */
        random = 1;
    }
    do {
        for (unsigned i = 0; i < 256; i++) {
            make_input(&random);
            (void)LLVMFuzzerTestOneInput(input, input_size);
        }
        inputs += 256;
    } while (time(NULL) < end);
    printf("%lu inputs, seed %lu: ok\n", inputs, seed);
    return 0;
}
