/*
 * What the end-to-end profiles share: the verdict on a frame, and when its sender is trusted.
 *
 * Time is a counter of milliseconds that the caller brings; it may wrap at 2^32. Ask at least once
 * in 49 days (after a longer sleep, initialise), and from one context: nothing here locks.
 */
#ifndef EDGE_FER_E2E_H
#define EDGE_FER_E2E_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A jump of up to 3 means that up to 2 frames are lost, which a cyclic message forgives. Good
 * frames to trust a sender at first, and to trust it again. */
enum {
    EDGE_FER_MAX_DELTA_COUNTER = 3,
    EDGE_FER_GOOD_TO_START = 2,
    EDGE_FER_GOOD_TO_RECOVER = 3
};

/* By so much a caller's time may lie before that of the last frame: a main loop reads the clock,
 * and an interrupt stamps a frame before the loop uses what it read. */
enum { EDGE_FER_MAX_CLOCK_SKEW_MS = 1000 };

/* What one check of one message found. */
typedef enum {
    EDGE_FER_OK = 0,
    EDGE_FER_SOME_LOST = 1, /* good, and up to 2 before it are missing */
    EDGE_FER_REPEATED = 2,
    EDGE_FER_WRONG_CRC = 3,
    EDGE_FER_WRONG_SEQUENCE = 4, /* too many are missing, or it came out of order */
    EDGE_FER_NO_NEW_DATA = 5,
    EDGE_FER_WRONG_LENGTH = 6, /* of edge_fer_receiver only: it knows the lengths */
    EDGE_FER_UNKNOWN_ID = 7    /* the same: it knows the ids */
} edge_fer_status;

/* Whether the sender is trusted; the codes of ControllerStatus.E2eState. */
typedef enum {
    EDGE_FER_NO_DATA = 0,
    EDGE_FER_INITIAL = 1, /* good so far, not yet enough */
    EDGE_FER_VALID = 2,
    EDGE_FER_INVALID = 3
} edge_fer_trust;

typedef struct {
    edge_fer_status status;
    edge_fer_trust trust;
    uint8_t lost; /* frames known to be missing before this one */
} edge_fer_check;

/* The frame is good and its sender trusted: take content over from no other. */
bool edge_fer_is_usable(edge_fer_check check);

/* Whether `since_ms` is more than `limit_ms` ago; holds across the wrap of the clock. */
bool edge_fer_is_older(uint32_t since_ms, uint32_t now_ms, uint32_t limit_ms);

/* Follows the counter of one message. Its members are for reading. */
typedef struct {
    edge_fer_trust trust;
    uint32_t timeout_ms; /* 0: never */
    uint32_t last_good_ms;
    bool has_counter; /* there was a frame whose CRC was right, */
    uint8_t counter;  /* and this was its counter */
    uint8_t good_in_a_row;
} edge_fer_sequence;

void edge_fer_sequence_init(edge_fer_sequence *sequence, uint32_t timeout_ms);

/* Notices that the last good frame is too old, and returns what that makes of the trust. */
edge_fer_trust edge_fer_sequence_age(edge_fer_sequence *sequence, uint32_t now_ms);

/* Judges a frame whose CRC is right; `highest` is that of its counter: 15 or 255. */
edge_fer_check edge_fer_sequence_check(edge_fer_sequence *sequence, uint8_t counter,
                                       uint8_t highest, uint32_t now_ms);

/* The verdict on a frame that never reached the counter: nothing of it is believed. */
edge_fer_check edge_fer_sequence_unchanged(const edge_fer_sequence *sequence,
                                           edge_fer_status status);

#ifdef __cplusplus
}
#endif

#endif
