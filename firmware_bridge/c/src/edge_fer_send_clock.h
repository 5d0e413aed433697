/*
 * How old frames are when they arrive: a reader that stops for a while comes back to a full queue.
 *
 * The camera unit puts the time of sending, on its own clock, into LinkTiming; what follows was
 * sent later. How far both clocks lie apart is taken from the fastest message so far.
 */
#ifndef EDGE_FER_SEND_CLOCK_H
#define EDGE_FER_SEND_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An older frame is stale. */
enum { EDGE_FER_MAX_AGE_MS = 500 };

/* Its members are for reading. */
typedef struct {
    uint32_t shift_ms; /* our clock less the sender's, of the fastest message */
    uint32_t sent_ms;  /* of the latest one, on the sender's clock, */
    uint32_t arrived_ms; /* and on ours */
    uint32_t drifted_ms; /* since the shift was last raised */
    uint32_t queued_ms;  /* when it was last seen that a queue is being emptied */
    bool is_known;
    bool is_queued;
} edge_fer_send_clock;

void edge_fer_send_clock_init(edge_fer_send_clock *clock);

/* Takes the content of a good LinkTiming over. */
void edge_fer_send_clock_take(edge_fer_send_clock *clock, uint32_t sent_ms, uint32_t arrived_ms);

/* How old a frame that arrives now is at the most; UINT32_MAX where nothing says it. */
uint32_t edge_fer_send_clock_age_ms(const edge_fer_send_clock *clock, uint32_t now_ms);

/* Whether a frame that arrives now is young enough, as far as anything says it. */
bool edge_fer_send_clock_is_fresh(const edge_fer_send_clock *clock, uint32_t now_ms);

#ifdef __cplusplus
}
#endif

#endif
