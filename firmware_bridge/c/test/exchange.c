/*
 * The other end of the tests in Python: reads standard input, writes standard output.
 *
 *   exchange receive slcan|cobs      records in, a line for each frame, for each record and at last
 *   exchange send slcan|cobs         a line a frame in (message, raw signals), its bytes out
 *   exchange check22 MESSAGE TIMEOUT_MS           records in, one verdict a line
 *
 * A record is a time (4 bytes, low first), a length (2 bytes; FFFF: nothing came) and the bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge_fer_cobs.h"
#include "edge_fer_receiver.h"
#include "edge_fer_slcan.h"

enum { MAX_SIGNALS = 11, NOTHING = 0xFFFF };

typedef struct {
    uint32_t now_ms;
    uint16_t length;
    uint8_t bytes[0x10000];
} record;

static bool read_record(record *record)
{
    uint8_t head[6];

    if (fread(head, 1, sizeof head, stdin) != sizeof head) {
        return false;
    }
    record->now_ms = (uint32_t)head[0] | (uint32_t)head[1] << 8 | (uint32_t)head[2] << 16 |
                     (uint32_t)head[3] << 24;
    record->length = (uint16_t)(head[4] | head[5] << 8);
    return record->length == NOTHING ||
           fread(record->bytes, 1, record->length, stdin) == record->length;
}

/* Raw signals, without CRC and counter, in the order of the DBC. */
static size_t unpack(unsigned message, const uint8_t data[8], unsigned raw[MAX_SIGNALS])
{
    struct edge_fer_codec_driver_state_t state;
    struct edge_fer_codec_emotion_probabilities_t emotions;
    struct edge_fer_codec_health_t health;
    struct edge_fer_codec_driver_request_t request;
    struct edge_fer_codec_pipeline_figures_t figures;
    struct edge_fer_codec_fault_counters_t counters;
    struct edge_fer_codec_driver_evidence_t evidence;
    struct edge_fer_codec_link_timing_t timing;
    struct edge_fer_codec_controller_status_t status;

    switch (message) {
    case EDGE_FER_DRIVER_STATE:
        (void)edge_fer_codec_driver_state_unpack(&state, data, 8);
        raw[0] = state.state;
        raw[1] = state.emotion;
        raw[2] = state.face;
        raw[3] = state.driver_state_quality;
        raw[4] = state.confidence;
        raw[5] = state.drowsiness;
        raw[6] = state.distraction;
        raw[7] = state.source_age;
        raw[8] = state.event_sequence;
        return 9;
    case EDGE_FER_EMOTION_PROBABILITIES:
        (void)edge_fer_codec_emotion_probabilities_unpack(&emotions, data, 8);
        raw[0] = emotions.angry;
        raw[1] = emotions.disgust;
        raw[2] = emotions.fear;
        raw[3] = emotions.happy;
        raw[4] = emotions.sad;
        raw[5] = emotions.surprise;
        raw[6] = emotions.neutral;
        raw[7] = emotions.emotion_probabilities_quality;
        return 8;
    case EDGE_FER_HEALTH:
        (void)edge_fer_codec_health_unpack(&health, data, 8);
        raw[0] = health.protocol_version;
        raw[1] = health.camera;
        raw[2] = health.model;
        raw[3] = health.degraded_reason;
        raw[4] = health.temperature;
        raw[5] = health.frame_rate;
        raw[6] = health.latency;
        raw[7] = health.fault;
        raw[8] = health.recording;
        raw[9] = health.preview;
        raw[10] = health.emotion_inference;
        return 11;
    case EDGE_FER_DRIVER_REQUEST:
        (void)edge_fer_codec_driver_request_unpack(&request, data, 8);
        raw[0] = request.type;
        raw[1] = request.id;
        raw[2] = request.severity;
        raw[3] = request.valid_for;
        raw[4] = request.reason;
        return 5;
    case EDGE_FER_PIPELINE_FIGURES:
        (void)edge_fer_codec_pipeline_figures_unpack(&figures, data, 8);
        raw[0] = figures.throttling;
        raw[1] = figures.camera_rate;
        raw[2] = figures.face_rate;
        raw[3] = figures.detection_rate;
        raw[4] = figures.emotion_rate;
        raw[5] = figures.frames_dropped;
        return 6;
    case EDGE_FER_DRIVER_EVIDENCE:
        (void)edge_fer_codec_driver_evidence_unpack(&evidence, data, 8);
        raw[0] = evidence.yaw;
        raw[1] = evidence.pitch;
        raw[2] = evidence.lid_opening;
        raw[3] = evidence.gaze_yaw;
        raw[4] = evidence.gaze_pitch;
        raw[5] = evidence.blink_rate;
        raw[6] = evidence.yawns;
        raw[7] = evidence.eyes_unseen;
        raw[8] = evidence.head_unseen;
        raw[9] = evidence.state_reason;
        return 10;
    case EDGE_FER_LINK_TIMING:
        (void)edge_fer_codec_link_timing_unpack(&timing, data, 8);
        raw[0] = timing.send_time;
        raw[1] = timing.frames_skipped;
        return 2;
    case EDGE_FER_FAULT_COUNTERS:
        (void)edge_fer_codec_fault_counters_unpack(&counters, data, 8);
        raw[0] = counters.stalls;
        raw[1] = counters.camera_restarts;
        raw[2] = counters.restarts;
        raw[3] = counters.connections_lost;
        raw[4] = counters.link_frames_dropped;
        raw[5] = counters.controller_rejected;
        raw[6] = counters.lines_rejected;
        return 7;
    default:
        (void)edge_fer_codec_controller_status_unpack(&status, data, 8);
        raw[0] = status.enable;
        raw[1] = status.ignition;
        raw[2] = status.acknowledged_id;
        raw[3] = status.answer;
        raw[4] = status.e2e_state;
        raw[5] = status.speed;
        raw[6] = status.config_version;
        return 7;
    }
}

static void pack(unsigned message, const unsigned raw[MAX_SIGNALS], uint8_t data[8])
{
    const uint8_t byte[MAX_SIGNALS] = {(uint8_t)raw[0], (uint8_t)raw[1], (uint8_t)raw[2],
                                       (uint8_t)raw[3], (uint8_t)raw[4], (uint8_t)raw[5],
                                       (uint8_t)raw[6], (uint8_t)raw[7], (uint8_t)raw[8],
                                       (uint8_t)raw[9], (uint8_t)raw[10]};
    /* Their first two members are CRC and counter. */
    const struct edge_fer_codec_driver_state_t state = {
        0, 0, byte[0], byte[1], byte[2], byte[3], byte[4], byte[5], byte[6], byte[7], byte[8]};
    const struct edge_fer_codec_emotion_probabilities_t emotions = {
        0, 0, byte[0], byte[1], byte[2], byte[3], byte[4], byte[5], byte[6], byte[7]};
    const struct edge_fer_codec_health_t health = {
        0,       0,       byte[0], byte[1], byte[2], byte[3], byte[4],
        byte[5], byte[6], byte[7], byte[8], byte[9], byte[10]};
    const struct edge_fer_codec_driver_request_t request = {0,       0,       byte[0], byte[1],
                                                            byte[2], byte[3], byte[4]};
    const struct edge_fer_codec_pipeline_figures_t figures = {
        0, 0, byte[0], byte[1], byte[2], byte[3], byte[4], (uint16_t)raw[5]};
    const struct edge_fer_codec_fault_counters_t counters = {
        0, 0, byte[0], byte[1], byte[2], byte[3], byte[4], byte[5], byte[6]};
    const struct edge_fer_codec_driver_evidence_t evidence = {
        0,       0,       byte[0], byte[1], byte[2], byte[3],
        byte[4], byte[5], byte[6], byte[7], byte[8], byte[9]};
    const struct edge_fer_codec_link_timing_t timing = {0, 0, raw[0], byte[1]};
    const struct edge_fer_codec_controller_status_t status = {
        0, 0, byte[0], byte[1], byte[2], byte[3], byte[4], (uint16_t)raw[5], byte[6]};

    switch (message) {
    case EDGE_FER_DRIVER_STATE:
        (void)edge_fer_codec_driver_state_pack(data, &state, 8);
        break;
    case EDGE_FER_EMOTION_PROBABILITIES:
        (void)edge_fer_codec_emotion_probabilities_pack(data, &emotions, 8);
        break;
    case EDGE_FER_HEALTH:
        (void)edge_fer_codec_health_pack(data, &health, 8);
        break;
    case EDGE_FER_DRIVER_REQUEST:
        (void)edge_fer_codec_driver_request_pack(data, &request, 8);
        break;
    case EDGE_FER_PIPELINE_FIGURES:
        (void)edge_fer_codec_pipeline_figures_pack(data, &figures, 8);
        break;
    case EDGE_FER_DRIVER_EVIDENCE:
        (void)edge_fer_codec_driver_evidence_pack(data, &evidence, 8);
        break;
    case EDGE_FER_LINK_TIMING:
        (void)edge_fer_codec_link_timing_pack(data, &timing, 8);
        break;
    case EDGE_FER_FAULT_COUNTERS:
        (void)edge_fer_codec_fault_counters_pack(data, &counters, 8);
        break;
    default:
        (void)edge_fer_codec_controller_status_pack(data, &status, 8);
        break;
    }
}

static void print_frame(const edge_fer_frame *frame, edge_fer_check check, uint32_t now_ms)
{
    unsigned raw[MAX_SIGNALS];

    printf("frame %lu %03lX ", (unsigned long)now_ms, (unsigned long)frame->id);
    for (size_t i = 0; i < frame->length; i++) {
        printf("%02x", frame->data[i]);
    }
    printf("- %u %u %u", (unsigned)check.status, (unsigned)check.trust, check.lost);
    if (check.status == EDGE_FER_OK || check.status == EDGE_FER_SOME_LOST) {
        unsigned message = 0;

        while (edge_fer_messages[message].id != frame->id) {
            message++;
        }
        for (size_t i = 0, count = unpack(message, frame->data, raw); i < count; i++) {
            printf(" %u", raw[i]);
        }
    }
    printf("\n");
}

/* Says what a controller would know now: the raw signals of each message, or that it is unknown. */
static void print_known(edge_fer_receiver *receiver, uint32_t now_ms)
{
    struct edge_fer_codec_driver_state_t state;
    struct edge_fer_codec_emotion_probabilities_t emotions;
    struct edge_fer_codec_health_t health;
    struct edge_fer_codec_driver_request_t request;
    struct edge_fer_codec_pipeline_figures_t figures;
    struct edge_fer_codec_fault_counters_t counters;
    struct edge_fer_codec_driver_evidence_t evidence;
    struct edge_fer_codec_link_timing_t timing;
    const bool has_state = edge_fer_receiver_driver_state(receiver, now_ms, &state);
    const bool has_emotions = edge_fer_receiver_emotion_probabilities(receiver, now_ms, &emotions);
    const bool has_health = edge_fer_receiver_health(receiver, now_ms, &health);
    const bool has_request = edge_fer_receiver_driver_request(receiver, now_ms, &request);
    const bool has_figures = edge_fer_receiver_pipeline_figures(receiver, now_ms, &figures);
    const bool has_counters = edge_fer_receiver_fault_counters(receiver, now_ms, &counters);
    const bool has_evidence = edge_fer_receiver_driver_evidence(receiver, now_ms, &evidence);
    const bool has_timing = edge_fer_receiver_link_timing(receiver, now_ms, &timing);

    printf("known %d%d%d%d%d%d%d%d %u %u %u %u %u %u %u %u\n", has_state, has_emotions, has_health,
           has_request, has_figures, has_counters, has_evidence, has_timing, state.event_sequence,
           emotions.happy, health.latency, request.id, figures.frames_dropped, counters.restarts,
           evidence.state_reason, timing.frames_skipped);
}

/* What edge_fer_receiver does for the messages that a controller receives. */
static edge_fer_check check_controller_status(edge_fer_profile22_receiver *protection,
                                              const edge_fer_frame *frame, uint32_t now_ms)
{
    if (frame->length != edge_fer_messages[EDGE_FER_CONTROLLER_STATUS].length) {
        (void)edge_fer_sequence_age(&protection->sequence, now_ms);
        return edge_fer_sequence_unchanged(&protection->sequence, EDGE_FER_WRONG_LENGTH);
    }
    return edge_fer_profile22_check(protection, frame->data, frame->length, now_ms);
}

static int receive(bool is_slcan)
{
    static record record;
    edge_fer_slcan_parser slcan;
    edge_fer_cobs_parser cobs;
    edge_fer_receiver receiver;
    edge_fer_profile22_receiver controller;
    edge_fer_frame frame;

    edge_fer_slcan_init(&slcan);
    edge_fer_cobs_init(&cobs);
    edge_fer_receiver_init(&receiver);
    edge_fer_profile22_receiver_init(&controller,
                                     edge_fer_messages[EDGE_FER_CONTROLLER_STATUS].data_ids,
                                     edge_fer_messages[EDGE_FER_CONTROLLER_STATUS].timeout_ms,
                                     &edge_fer_e2e_default);
    while (read_record(&record)) {
        for (size_t i = 0; i < record.length; i++) {
            const uint8_t byte = record.bytes[i];
            edge_fer_check check;

            if (!(is_slcan ? edge_fer_slcan_feed(&slcan, byte, &frame)
                           : edge_fer_cobs_feed(&cobs, byte, &frame))) {
                continue;
            }
            check = edge_fer_receiver_take(&receiver, &frame, record.now_ms);
            if (frame.id == edge_fer_messages[EDGE_FER_CONTROLLER_STATUS].id) {
                check = check_controller_status(&controller, &frame, record.now_ms);
            }
            print_frame(&frame, check, record.now_ms);
        }
        print_known(&receiver, record.now_ms);
    }
    if (is_slcan) {
        printf("counters %lu %lu %lu %lu %lu %lu\n", (unsigned long)slcan.frames,
               (unsigned long)slcan.ignored_lines, (unsigned long)slcan.foreign_lines,
               (unsigned long)slcan.rejected_lines, (unsigned long)slcan.foreign_bytes,
               (unsigned long)slcan.rejected_bytes);
    } else {
        printf("counters %lu %lu %lu\n", (unsigned long)cobs.frames,
               (unsigned long)cobs.rejected_packets, (unsigned long)cobs.rejected_bytes);
    }
    return 0;
}

static int send(bool is_slcan)
{
    edge_fer_profile22_sender senders[EDGE_FER_MESSAGE_COUNT];
    unsigned message;

    for (unsigned i = 0; i < EDGE_FER_MESSAGE_COUNT; i++) {
        edge_fer_profile22_sender_init(&senders[i], edge_fer_messages[i].data_ids);
    }
    while (scanf("%u", &message) == 1 && message < EDGE_FER_MESSAGE_COUNT) {
        uint8_t line[EDGE_FER_SLCAN_ENCODED_LENGTH];
        unsigned raw[MAX_SIGNALS];
        edge_fer_frame frame = {.id = edge_fer_messages[message].id, .length = 8};
        size_t length;

        for (size_t i = 0; i < MAX_SIGNALS; i++) {
            if (scanf("%u", &raw[i]) != 1) {
                return 1;
            }
        }
        pack(message, raw, frame.data);
        (void)edge_fer_profile22_protect(&senders[message], frame.data, frame.length);
        length = is_slcan ? edge_fer_slcan_encode(&frame, line) : edge_fer_cobs_encode(&frame, line);
        (void)fwrite(line, 1, length, stdout);
    }
    return 0;
}

static int check22(unsigned message, uint32_t timeout_ms)
{
    static record record;
    edge_fer_profile22_receiver receiver;

    edge_fer_profile22_receiver_init(&receiver, edge_fer_messages[message].data_ids, timeout_ms,
                                     &edge_fer_e2e_default);
    while (read_record(&record)) {
        const edge_fer_check check =
            edge_fer_profile22_check(&receiver, record.length == NOTHING ? NULL : record.bytes,
                                     record.length, record.now_ms);

        printf("%u %u %u\n", (unsigned)check.status, (unsigned)check.trust, check.lost);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 2 ? argv[1] : "";
    const bool is_slcan = argc > 2 && strcmp(argv[2], "slcan") == 0;
    const unsigned long first = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;
    const unsigned long second = argc > 3 ? strtoul(argv[3], NULL, 0) : 0;

    if (strcmp(mode, "receive") == 0) {
        return receive(is_slcan);
    }
    if (strcmp(mode, "send") == 0) {
        return send(is_slcan);
    }
    if (strcmp(mode, "check22") == 0 && first < EDGE_FER_MESSAGE_COUNT) {
        return check22((unsigned)first, (uint32_t)second);
    }
    fprintf(stderr, "exchange: see the first lines of exchange.c\n");
    return 2;
}
