/* A test framework of one page: CHECK counts and goes on, RUN names what follows. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>

/* On a microcontroller the texts of all conditions would not fit beside the code. */
#ifdef __AVR__
#define CHECK_TEXT(condition) ""
#define CHECK_FILE ""
#else
#define CHECK_TEXT(condition) #condition
#define CHECK_FILE __FILE__
#endif

extern unsigned long checks_done;
extern unsigned long checks_failed;

#define CHECK(condition)                                                              \
    do {                                                                              \
        checks_done++;                                                                \
        if (!(condition)) {                                                           \
            checks_failed++;                                                          \
            fprintf(stderr, "%s:%d: not true: %s\n", CHECK_FILE, __LINE__, CHECK_TEXT(condition)); \
        }                                                                             \
    } while (0)

#define RUN(test)                                                                       \
    do {                                                                                \
        const unsigned long failed_before = checks_failed;                                   \
        test();                                                                         \
        printf("%s %s %s\n", checks_failed == failed_before ? "ok" : "FAILED", __func__, \
               #test);                                                                  \
    } while (0)

void test_profile22(void);
void test_send_clock(void);
void test_sequence(void);
void test_slcan(void);
void test_cobs(void);
void test_receiver(void);

#endif
