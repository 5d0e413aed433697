/*
 * What a controller knows of the driver: the latest trusted content of each message, or nothing.
 *
 * Every frame passes here: id and exact length first, then protection, then content. The getters
 * ask for the time, so that content whose time is over cannot be read by mistake: they return false
 * and fill `out` with "not available" where a message is unknown.
 *
 * Members of `out` are raw, as on the wire; scales and the codes are in edge_fer_codec.h, whose
 * ..._is_in_range() say false for a quantity that is not available.
 *
 * Call all of it from one context (a main loop or one task), and each getter that you use at least
 * once in 49 days: the clock wraps. After a longer sleep, initialise.
 *
 * A frame that waited in a queue for more than half a second (a reader stopped and came back) is
 * stale: the camera unit says in LinkTiming when it sends.
 */
#ifndef EDGE_FER_RECEIVER_H
#define EDGE_FER_RECEIVER_H

#include "edge_fer_frame.h"
#include "edge_fer_profile22.h"
#include "edge_fer_send_clock.h"
#include "generated/edge_fer_codec.h"
#include "generated/edge_fer_messages.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    edge_fer_profile22_receiver protection[EDGE_FER_RECEIVED_COUNT];
    uint8_t content[EDGE_FER_RECEIVED_COUNT][EDGE_FER_MAX_LENGTH];
    edge_fer_send_clock clock;
    bool is_request_open; /* there was one, and its validity is not over */
} edge_fer_receiver;

/* With the state machine's defaults; the other one takes windows and limits of your own, which have
 * to stay where they are. */
void edge_fer_receiver_init(edge_fer_receiver *receiver);
void edge_fer_receiver_init_with(edge_fer_receiver *receiver, const edge_fer_e2e_config *config);

/* Judges a frame that arrived at `now_ms`, and keeps its content if it may be used. */
edge_fer_check edge_fer_receiver_take(edge_fer_receiver *receiver, const edge_fer_frame *frame,
                                      uint32_t now_ms);

/* Whether the sender of a message is trusted; EDGE_FER_DRIVER_STATE is what E2eState reports. */
edge_fer_trust edge_fer_receiver_trust(edge_fer_receiver *receiver, unsigned message,
                                       uint32_t now_ms);

/* False where the camera unit says that it has another protocol version than this code: then the
 * messages mean something else. */
bool edge_fer_receiver_is_compatible(edge_fer_receiver *receiver, uint32_t now_ms);

/* How old a frame that arrives now is at the most; UINT32_MAX where the camera unit never said. */
uint32_t edge_fer_receiver_age_ms(const edge_fer_receiver *receiver, uint32_t now_ms);

bool edge_fer_receiver_driver_state(edge_fer_receiver *receiver, uint32_t now_ms,
                                    struct edge_fer_codec_driver_state_t *out);
bool edge_fer_receiver_emotion_probabilities(edge_fer_receiver *receiver, uint32_t now_ms,
                                             struct edge_fer_codec_emotion_probabilities_t *out);
bool edge_fer_receiver_health(edge_fer_receiver *receiver, uint32_t now_ms,
                              struct edge_fer_codec_health_t *out);
bool edge_fer_receiver_pipeline_figures(edge_fer_receiver *receiver, uint32_t now_ms,
                                        struct edge_fer_codec_pipeline_figures_t *out);
bool edge_fer_receiver_fault_counters(edge_fer_receiver *receiver, uint32_t now_ms,
                                      struct edge_fer_codec_fault_counters_t *out);
bool edge_fer_receiver_driver_evidence(edge_fer_receiver *receiver, uint32_t now_ms,
                                       struct edge_fer_codec_driver_evidence_t *out);

bool edge_fer_receiver_link_timing(edge_fer_receiver *receiver, uint32_t now_ms,
                                   struct edge_fer_codec_link_timing_t *out);

/* Unlike the others this one is not cyclic: it is known until its ValidFor seconds are over,
 * counted from its last frame. One that does not say so is known for 3.5 of its repetitions. */
bool edge_fer_receiver_driver_request(edge_fer_receiver *receiver, uint32_t now_ms,
                                      struct edge_fer_codec_driver_request_t *out);

#ifdef __cplusplus
}
#endif

#endif
