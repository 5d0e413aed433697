/*
 * A fuzz target is one file: what has to hold after any bytes, and a way to make bytes that are
 * almost right. With clang it links with libFuzzer; fuzz_driver.c does for any compiler.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Writes at most `capacity` bytes that the target takes seriously; returns how many. */
size_t fuzz_plausible(uint32_t *random, uint8_t *out, size_t capacity);

/* Marsaglia's xorshift: the same bytes for the same seed on every machine. */
static inline uint32_t fuzz_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* The driver, or libFuzzer, catches the abort and prints the input. */
#define REQUIRE(condition)                                                            \
    do {                                                                              \
        if (!(condition)) {                                                           \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                  \
        }                                                                             \
    } while (0)

#endif
