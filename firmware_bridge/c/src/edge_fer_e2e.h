/*
 * The verdict on one frame of a message, and whether its sender is trusted: the AUTOSAR E2E state
 * machine (E2E Protocol Specification, R22-11).
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

/* A jump of up to 3 means that up to 2 frames are lost, which a cyclic message forgives. */
enum { EDGE_FER_MAX_DELTA_COUNTER = 3 };

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
    EDGE_FER_UNKNOWN_ID = 7,   /* the same: it knows the ids */
    EDGE_FER_STALE = 8         /* intact, but it waited in a queue for too long */
} edge_fer_status;

/* Whether the sender is trusted; the codes of ControllerStatus.E2eState. */
typedef enum {
    EDGE_FER_NODATA = 0,
    EDGE_FER_INIT = 1, /* good so far, not yet enough */
    EDGE_FER_VALID = 2,
    EDGE_FER_INVALID = 3
} edge_fer_trust;

typedef struct {
    edge_fer_status status;
    edge_fer_trust trust;
    uint8_t lost; /* frames known to be missing before this one */
} edge_fer_check;

/* In a window of so many checks (at most 16) there have to be so many good frames, and at most so
 * many damaged ones. Repeated frames, frames out of sequence and missing ones are neither. */
typedef struct {
    uint8_t window_size;
    uint8_t min_ok;
    uint8_t max_error;
} edge_fer_window;

/* E2E_SMConfigType: of INIT, VALID and INVALID. */
typedef struct {
    edge_fer_window init;
    edge_fer_window valid;
    edge_fer_window invalid;
} edge_fer_e2e_config;

/* Made for cyclic messages of which two frames in a row may be lost: two good frames begin, three
 * in a row without a fault begin again, a quarter of the frames may be damaged. */
extern const edge_fer_e2e_config edge_fer_e2e_default;

/* The frame is good and its sender trusted: take content over from no other. */
bool edge_fer_is_usable(edge_fer_check check);

/* Whether `since_ms` is more than `limit_ms` ago; holds across the wrap of the clock. */
bool edge_fer_is_older(uint32_t since_ms, uint32_t now_ms, uint32_t limit_ms);

/* Follows the counter of one message. Its members are for reading. */
typedef struct {
    const edge_fer_e2e_config *config;
    edge_fer_trust trust;
    uint32_t timeout_ms; /* 0: never */
    uint32_t last_good_ms;
    uint16_t good; /* a bit for each check, the latest is the lowest */
    uint16_t damaged;
    bool has_counter; /* there was a frame whose CRC was right, */
    uint8_t counter;  /* and this was its counter */
} edge_fer_sequence;

/* `config` has to stay where it is. */
void edge_fer_sequence_init(edge_fer_sequence *sequence, uint32_t timeout_ms,
                            const edge_fer_e2e_config *config);

/* Notices that the last good frame is too old, and returns what that makes of the trust. */
edge_fer_trust edge_fer_sequence_age(edge_fer_sequence *sequence, uint32_t now_ms);

/* Judges a frame whose CRC is right; `highest` is that of its counter. One that is not fresh is not
 * believed, but the next is compared with it. */
edge_fer_check edge_fer_sequence_check(edge_fer_sequence *sequence, uint8_t counter,
                                       uint8_t highest, bool is_fresh, uint32_t now_ms);

/* Nothing came, or a frame of which nothing is believed: EDGE_FER_NO_NEW_DATA, _WRONG_CRC. */
edge_fer_check edge_fer_sequence_missed(edge_fer_sequence *sequence, edge_fer_status status);

/* The verdict on a frame that is none of this message: the state stays as it is. */
edge_fer_check edge_fer_sequence_unchanged(const edge_fer_sequence *sequence,
                                           edge_fer_status status);

#ifdef __cplusplus
}
#endif

#endif
