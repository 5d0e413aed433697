#include "edge_fer_receiver.h"

#include <string.h>

/* The highest raw value of each signal: not available. */
static const uint8_t unknown[EDGE_FER_MAX_LENGTH] = {0xFF, 0xFF, 0xFF, 0xFF,
                                                     0xFF, 0xFF, 0xFF, 0xFF};

void edge_fer_receiver_init(edge_fer_receiver *receiver)
{
    edge_fer_receiver_init_with(receiver, &edge_fer_e2e_default);
}

void edge_fer_receiver_init_with(edge_fer_receiver *receiver, const edge_fer_e2e_config *config)
{
    (void)memset(receiver, 0, sizeof *receiver);
    edge_fer_send_clock_init(&receiver->clock);
    for (size_t i = 0; i < EDGE_FER_RECEIVED_COUNT; i++) {
        edge_fer_profile22_receiver_init(&receiver->protection[i], edge_fer_messages[i].data_ids,
                                         edge_fer_messages[i].timeout_ms, config);
    }
}

static edge_fer_check take(edge_fer_receiver *receiver, size_t message,
                           const edge_fer_frame *frame, uint32_t now_ms)
{
    edge_fer_profile22_receiver *protection = &receiver->protection[message];
    const bool is_timing = message == EDGE_FER_LINK_TIMING;
    edge_fer_check check;

    if (frame->length != edge_fer_messages[message].length) {
        (void)edge_fer_sequence_age(&protection->sequence, now_ms);
        return edge_fer_sequence_unchanged(&protection->sequence, EDGE_FER_WRONG_LENGTH);
    }
    check = edge_fer_profile22_check_age(
        protection, frame->data, frame->length,
        is_timing || edge_fer_send_clock_is_fresh(&receiver->clock, now_ms), now_ms);
    if (is_timing && (check.status == EDGE_FER_OK || check.status == EDGE_FER_SOME_LOST)) {
        struct edge_fer_codec_link_timing_t timing = {
            .send_time = EDGE_FER_CODEC_LINK_TIMING_SEND_TIME_NOT_AVAILABLE_CHOICE};

        (void)edge_fer_codec_link_timing_unpack(&timing, frame->data, frame->length);
        if (timing.send_time != EDGE_FER_CODEC_LINK_TIMING_SEND_TIME_NOT_AVAILABLE_CHOICE) {
            edge_fer_send_clock_take(&receiver->clock, timing.send_time, now_ms);
        }
    }
    if (edge_fer_is_usable(check)) {
        (void)memcpy(receiver->content[message], frame->data, frame->length);
        if (message == EDGE_FER_DRIVER_REQUEST) {
            receiver->is_request_open = true;
        }
    }
    return check;
}

edge_fer_check edge_fer_receiver_take(edge_fer_receiver *receiver, const edge_fer_frame *frame,
                                      uint32_t now_ms)
{
    for (size_t i = 0; i < EDGE_FER_RECEIVED_COUNT; i++) {
        if (frame->id == edge_fer_messages[i].id) {
            return take(receiver, i, frame, now_ms);
        }
    }
    return (edge_fer_check){.status = EDGE_FER_UNKNOWN_ID, .trust = EDGE_FER_NODATA, .lost = 0};
}

edge_fer_trust edge_fer_receiver_trust(edge_fer_receiver *receiver, unsigned message,
                                       uint32_t now_ms)
{
    return edge_fer_sequence_age(&receiver->protection[message].sequence, now_ms);
}

uint32_t edge_fer_receiver_age_ms(const edge_fer_receiver *receiver, uint32_t now_ms)
{
    return edge_fer_send_clock_age_ms(&receiver->clock, now_ms);
}

/* Returns the eight bytes to decode. Trust only comes with content, so that there always is one. */
static const uint8_t *content(edge_fer_receiver *receiver, unsigned message, uint32_t now_ms)
{
    return edge_fer_receiver_trust(receiver, message, now_ms) == EDGE_FER_VALID
               ? receiver->content[message]
               : unknown;
}

bool edge_fer_receiver_driver_state(edge_fer_receiver *receiver, uint32_t now_ms,
                                    struct edge_fer_codec_driver_state_t *out)
{
    const uint8_t *data = content(receiver, EDGE_FER_DRIVER_STATE, now_ms);

    (void)edge_fer_codec_driver_state_unpack(out, data, EDGE_FER_MAX_LENGTH);
    return data != unknown;
}

bool edge_fer_receiver_emotion_probabilities(edge_fer_receiver *receiver, uint32_t now_ms,
                                             struct edge_fer_codec_emotion_probabilities_t *out)
{
    const uint8_t *data = content(receiver, EDGE_FER_EMOTION_PROBABILITIES, now_ms);

    (void)edge_fer_codec_emotion_probabilities_unpack(out, data, EDGE_FER_MAX_LENGTH);
    return data != unknown;
}

bool edge_fer_receiver_health(edge_fer_receiver *receiver, uint32_t now_ms,
                              struct edge_fer_codec_health_t *out)
{
    const uint8_t *data = content(receiver, EDGE_FER_HEALTH, now_ms);

    (void)edge_fer_codec_health_unpack(out, data, EDGE_FER_MAX_LENGTH);
    return data != unknown;
}

bool edge_fer_receiver_is_compatible(edge_fer_receiver *receiver, uint32_t now_ms)
{
    struct edge_fer_codec_health_t health;

    return !edge_fer_receiver_health(receiver, now_ms, &health) ||
           health.protocol_version == EDGE_FER_PROTOCOL_VERSION;
}

bool edge_fer_receiver_pipeline_figures(edge_fer_receiver *receiver, uint32_t now_ms,
                                        struct edge_fer_codec_pipeline_figures_t *out)
{
    const uint8_t *data = content(receiver, EDGE_FER_PIPELINE_FIGURES, now_ms);

    (void)edge_fer_codec_pipeline_figures_unpack(out, data, EDGE_FER_MAX_LENGTH);
    return data != unknown;
}

bool edge_fer_receiver_fault_counters(edge_fer_receiver *receiver, uint32_t now_ms,
                                      struct edge_fer_codec_fault_counters_t *out)
{
    const uint8_t *data = content(receiver, EDGE_FER_FAULT_COUNTERS, now_ms);

    (void)edge_fer_codec_fault_counters_unpack(out, data, EDGE_FER_MAX_LENGTH);
    return data != unknown;
}

bool edge_fer_receiver_driver_evidence(edge_fer_receiver *receiver, uint32_t now_ms,
                                       struct edge_fer_codec_driver_evidence_t *out)
{
    const uint8_t *data = content(receiver, EDGE_FER_DRIVER_EVIDENCE, now_ms);

    (void)edge_fer_codec_driver_evidence_unpack(out, data, EDGE_FER_MAX_LENGTH);
    return data != unknown;
}

bool edge_fer_receiver_link_timing(edge_fer_receiver *receiver, uint32_t now_ms,
                                   struct edge_fer_codec_link_timing_t *out)
{
    const uint8_t *data = content(receiver, EDGE_FER_LINK_TIMING, now_ms);

    (void)edge_fer_codec_link_timing_unpack(out, data, EDGE_FER_MAX_LENGTH);
    return data != unknown;
}

static uint32_t validity_ms(const struct edge_fer_codec_driver_request_t *request)
{
    if (request->valid_for == EDGE_FER_CODEC_DRIVER_REQUEST_VALID_FOR_NOT_AVAILABLE_CHOICE) {
        return EDGE_FER_CODEC_DRIVER_REQUEST_CYCLE_TIME_MS * (uint32_t)7 / 2U;
    }
    return (uint32_t)request->valid_for * 1000U;
}

bool edge_fer_receiver_driver_request(edge_fer_receiver *receiver, uint32_t now_ms,
                                      struct edge_fer_codec_driver_request_t *out)
{
    const uint8_t *data = content(receiver, EDGE_FER_DRIVER_REQUEST, now_ms);
    const edge_fer_sequence *sequence = &receiver->protection[EDGE_FER_DRIVER_REQUEST].sequence;

    (void)edge_fer_codec_driver_request_unpack(out, data, EDGE_FER_MAX_LENGTH);
    if (edge_fer_is_older(sequence->last_good_ms, now_ms, validity_ms(out))) {
        /* Once it is said, the clock may wrap as often as it likes. */
        receiver->is_request_open = false;
    }
    if (!receiver->is_request_open || data == unknown) {
        (void)edge_fer_codec_driver_request_unpack(out, unknown, EDGE_FER_MAX_LENGTH);
        return false;
    }
    return true;
}
