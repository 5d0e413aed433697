#include <string.h>

#include "check.h"
#include "edge_fer_receiver.h"

/* A sender of each message, and a receiver; what a controller sees of a camera unit. */
typedef struct {
    edge_fer_profile22_sender senders[EDGE_FER_MESSAGE_COUNT];
    edge_fer_receiver receiver;
} pair;

static pair make_pair(void)
{
    pair made;

    for (unsigned i = 0; i < EDGE_FER_MESSAGE_COUNT; i++) {
        edge_fer_profile22_sender_init(&made.senders[i], edge_fer_messages[i].data_ids);
    }
    edge_fer_receiver_init(&made.receiver);
    return made;
}

static edge_fer_frame protected_frame(pair *pair, unsigned message, const uint8_t payload[8])
{
    edge_fer_frame frame = {.id = edge_fer_messages[message].id, .length = 8};

    memcpy(frame.data, payload, 8);
    CHECK(edge_fer_profile22_protect(&pair->senders[message], frame.data, 8));
    return frame;
}

static edge_fer_check send_state(pair *pair, uint8_t state, uint32_t now_ms)
{
    const struct edge_fer_codec_driver_state_t content = {
        .state = state, .emotion = 3, .confidence = 200, .source_age = 4, .event_sequence = 7};
    uint8_t payload[8];
    edge_fer_frame frame;

    CHECK(edge_fer_codec_driver_state_pack(payload, &content, sizeof payload) == 8);
    frame = protected_frame(pair, EDGE_FER_DRIVER_STATE, payload);
    return edge_fer_receiver_take(&pair->receiver, &frame, now_ms);
}

static edge_fer_check send_request(pair *pair, uint8_t id, uint8_t valid_for, uint32_t now_ms)
{
    const struct edge_fer_codec_driver_request_t content = {
        .type = 1, .id = id, .severity = 2, .valid_for = valid_for, .reason = 10};
    uint8_t payload[8];
    edge_fer_frame frame;

    CHECK(edge_fer_codec_driver_request_pack(payload, &content, sizeof payload) == 8);
    frame = protected_frame(pair, EDGE_FER_DRIVER_REQUEST, payload);
    return edge_fer_receiver_take(&pair->receiver, &frame, now_ms);
}

/* The codec has the id and whether it has 29 bits apart. */
#define CHECK_ID(name)                                                                       \
    CHECK(edge_fer_messages[EDGE_FER_##name].id ==                                          \
          (EDGE_FER_CODEC_##name##_FRAME_ID |                                                \
           (EDGE_FER_CODEC_##name##_IS_EXTENDED != 0 ? EDGE_FER_EXTENDED_ID : 0U)))

static void the_table_says_what_the_codec_says(void)
{
    CHECK_ID(DRIVER_STATE);
    CHECK_ID(EMOTION_PROBABILITIES);
    CHECK_ID(HEALTH);
    CHECK_ID(DRIVER_REQUEST);
    CHECK_ID(PIPELINE_FIGURES);
    CHECK_ID(FAULT_COUNTERS);
    CHECK_ID(DRIVER_EVIDENCE);
    CHECK_ID(LINK_TIMING);
    CHECK_ID(CONTROLLER_STATUS);
    CHECK(edge_fer_messages[EDGE_FER_DRIVER_STATE].timeout_ms ==
          EDGE_FER_CODEC_DRIVER_STATE_CYCLE_TIME_MS * 7 / 2);
    CHECK(edge_fer_messages[EDGE_FER_DRIVER_REQUEST].timeout_ms == 0);
}

static void at_first_nothing_is_known(void)
{
    pair pair = make_pair();
    struct edge_fer_codec_driver_state_t state = {0};
    struct edge_fer_codec_emotion_probabilities_t emotions = {0};
    struct edge_fer_codec_health_t health = {0};
    struct edge_fer_codec_driver_request_t request = {0};
    struct edge_fer_codec_pipeline_figures_t figures = {0};
    struct edge_fer_codec_fault_counters_t counters = {0};
    struct edge_fer_codec_driver_evidence_t evidence = {0};
    struct edge_fer_codec_link_timing_t timing = {0};

    CHECK(!edge_fer_receiver_driver_state(&pair.receiver, 0, &state));
    CHECK(state.state == EDGE_FER_CODEC_DRIVER_STATE_STATE_NOT_AVAILABLE_CHOICE);
    CHECK(state.face == EDGE_FER_CODEC_DRIVER_STATE_FACE_NOT_AVAILABLE_CHOICE);
    CHECK(!edge_fer_codec_driver_state_confidence_is_in_range(state.confidence));
    CHECK(!edge_fer_receiver_emotion_probabilities(&pair.receiver, 0, &emotions));
    CHECK(emotions.angry == EDGE_FER_CODEC_EMOTION_PROBABILITIES_ANGRY_NOT_AVAILABLE_CHOICE);
    CHECK(emotions.neutral == EDGE_FER_CODEC_EMOTION_PROBABILITIES_NEUTRAL_NOT_AVAILABLE_CHOICE);
    CHECK(!edge_fer_receiver_health(&pair.receiver, 0, &health));
    CHECK(health.temperature == EDGE_FER_CODEC_HEALTH_TEMPERATURE_NOT_AVAILABLE_CHOICE);
    CHECK(!edge_fer_receiver_driver_request(&pair.receiver, 0, &request));
    CHECK(request.type == EDGE_FER_CODEC_DRIVER_REQUEST_TYPE_NOT_AVAILABLE_CHOICE);
    CHECK(!edge_fer_receiver_pipeline_figures(&pair.receiver, 0, &figures));
    CHECK(figures.frames_dropped ==
          EDGE_FER_CODEC_PIPELINE_FIGURES_FRAMES_DROPPED_NOT_AVAILABLE_CHOICE);
    CHECK(!edge_fer_receiver_fault_counters(&pair.receiver, 0, &counters));
    CHECK(counters.restarts == EDGE_FER_CODEC_FAULT_COUNTERS_RESTARTS_NOT_AVAILABLE_CHOICE);
    CHECK(!edge_fer_receiver_link_timing(&pair.receiver, 0, &timing));
    CHECK(timing.send_time == EDGE_FER_CODEC_LINK_TIMING_SEND_TIME_NOT_AVAILABLE_CHOICE);
    CHECK(!edge_fer_receiver_driver_evidence(&pair.receiver, 0, &evidence));
    CHECK(evidence.state_reason == EDGE_FER_CODEC_DRIVER_EVIDENCE_STATE_REASON_NOT_AVAILABLE_CHOICE);
}

static void content_is_known_once_its_sender_is_trusted_and_until_its_time_is_over(void)
{
    const uint32_t start_ms = UINT32_MAX - 150; /* the clock wraps on the way */
    pair pair = make_pair();
    struct edge_fer_codec_driver_state_t state;

    CHECK(send_state(&pair, 1, start_ms).trust == EDGE_FER_INIT);
    CHECK(!edge_fer_receiver_driver_state(&pair.receiver, start_ms, &state));
    CHECK(edge_fer_is_usable(send_state(&pair, 2, start_ms + 100)));
    CHECK(edge_fer_receiver_driver_state(&pair.receiver, start_ms + 100, &state));
    CHECK(state.state == EDGE_FER_CODEC_DRIVER_STATE_STATE_DISTRACTED_CHOICE);
    CHECK(state.emotion == 3 && state.confidence == 200 && state.source_age == 4);
    CHECK(state.event_sequence == 7);
    CHECK(edge_fer_receiver_driver_state(&pair.receiver, start_ms + 450, &state));
    CHECK(!edge_fer_receiver_driver_state(&pair.receiver, start_ms + 451, &state));
    CHECK(state.state == EDGE_FER_CODEC_DRIVER_STATE_STATE_NOT_AVAILABLE_CHOICE);
    /* Three good frames, and it is known again. */
    for (uint8_t good = 1; good <= 3; good++) {
        CHECK(send_state(&pair, 5, start_ms + 500).status == EDGE_FER_OK);
        CHECK(edge_fer_receiver_driver_state(&pair.receiver, start_ms + 500, &state) == (good == 3));
    }
    CHECK(state.state == EDGE_FER_CODEC_DRIVER_STATE_STATE_ASLEEP_CHOICE);
}

static void only_good_frames_replace_content(void)
{
    pair pair = make_pair();
    struct edge_fer_codec_driver_state_t state;
    const uint8_t zeros[8] = {0};
    edge_fer_frame frame;

    (void)send_state(&pair, 1, 0);
    (void)send_state(&pair, 1, 0);
    frame = protected_frame(&pair, EDGE_FER_DRIVER_STATE, zeros);
    frame.data[7] ^= 1;
    CHECK(edge_fer_receiver_take(&pair.receiver, &frame, 0).status == EDGE_FER_WRONG_CRC);
    frame.length = 7;
    CHECK(edge_fer_receiver_take(&pair.receiver, &frame, 0).status == EDGE_FER_WRONG_LENGTH);
    frame.length = 0;
    CHECK(edge_fer_receiver_take(&pair.receiver, &frame, 0).status == EDGE_FER_WRONG_LENGTH);
    frame = protected_frame(&pair, EDGE_FER_DRIVER_STATE, zeros);
    pair.senders[EDGE_FER_DRIVER_STATE].counter--;
    CHECK(edge_fer_receiver_take(&pair.receiver, &frame, 0).status == EDGE_FER_SOME_LOST);
    CHECK(edge_fer_receiver_take(&pair.receiver, &frame, 0).status == EDGE_FER_REPEATED);
    CHECK(edge_fer_receiver_driver_state(&pair.receiver, 0, &state));
    CHECK(state.state == EDGE_FER_CODEC_DRIVER_STATE_STATE_NOT_READY_CHOICE);
    pair.senders[EDGE_FER_DRIVER_STATE].counter += 8;
    CHECK(send_state(&pair, 1, 0).status == EDGE_FER_WRONG_SEQUENCE);
    CHECK(!edge_fer_receiver_driver_state(&pair.receiver, 0, &state));
}

static void frames_of_a_wrong_length_do_not_keep_content_known(void)
{
    pair pair = make_pair();
    edge_fer_frame frame = {.id = edge_fer_messages[EDGE_FER_DRIVER_STATE].id, .length = 3};
    edge_fer_check check;

    (void)send_state(&pair, 1, 0);
    (void)send_state(&pair, 1, 0);
    check = edge_fer_receiver_take(&pair.receiver, &frame, 351);
    CHECK(check.status == EDGE_FER_WRONG_LENGTH && check.trust == EDGE_FER_INVALID);
}

static void other_ids_are_unknown_its_own_too(void)
{
    const uint32_t first = edge_fer_messages[EDGE_FER_DRIVER_STATE].id;
    const uint32_t ids[] = {0,
                            first - 1U,
                            first ^ EDGE_FER_EXTENDED_ID, /* the same digits, 11 or 29 bits */
                            edge_fer_messages[EDGE_FER_LINK_TIMING].id + 1U,
                            edge_fer_messages[EDGE_FER_CONTROLLER_STATUS].id};
    pair pair = make_pair();
    edge_fer_check check;

    for (unsigned i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        const edge_fer_frame frame = {.id = ids[i], .length = 8};

        check = edge_fer_receiver_take(&pair.receiver, &frame, 0);
        CHECK(check.status == EDGE_FER_UNKNOWN_ID && check.trust == EDGE_FER_NODATA);
    }
}

static void each_message_has_its_own_sender_and_time(void)
{
    pair pair = make_pair();
    struct edge_fer_codec_driver_state_t state;
    struct edge_fer_codec_emotion_probabilities_t emotions;
    struct edge_fer_codec_health_t health;
    const struct edge_fer_codec_emotion_probabilities_t sent_emotions = {
        .angry = 1, .disgust = 2, .fear = 3, .happy = 90, .sad = 4, .surprise = 0, .neutral = 100,
        .emotion_probabilities_quality = 2};
    const struct edge_fer_codec_health_t sent_health = {
        .protocol_version = 1, .temperature = 90, .frame_rate = 30, .latency = 4, .fault = 2};
    uint8_t payload[8];
    edge_fer_frame frame;

    for (unsigned i = 0; i < 2; i++) {
        CHECK(edge_fer_codec_emotion_probabilities_pack(payload, &sent_emotions, 8) == 8);
        frame = protected_frame(&pair, EDGE_FER_EMOTION_PROBABILITIES, payload);
        CHECK(edge_fer_receiver_take(&pair.receiver, &frame, 0).status == EDGE_FER_OK);
        CHECK(edge_fer_codec_health_pack(payload, &sent_health, 8) == 8);
        frame = protected_frame(&pair, EDGE_FER_HEALTH, payload);
        CHECK(edge_fer_receiver_take(&pair.receiver, &frame, 0).status == EDGE_FER_OK);
    }
    CHECK(edge_fer_receiver_is_compatible(&pair.receiver, 0));
    CHECK(!edge_fer_receiver_driver_state(&pair.receiver, 0, &state));
    CHECK(edge_fer_receiver_emotion_probabilities(&pair.receiver, 700, &emotions));
    CHECK(emotions.angry == 1 && emotions.disgust == 2 && emotions.fear == 3);
    CHECK(emotions.happy == 90 && emotions.sad == 4 && emotions.surprise == 0);
    CHECK(emotions.neutral == 100 && emotions.emotion_probabilities_quality == 2);
    CHECK(!edge_fer_receiver_emotion_probabilities(&pair.receiver, 701, &emotions));
    CHECK(edge_fer_receiver_health(&pair.receiver, 1750, &health));
    CHECK(health.protocol_version == 1 && health.temperature == 90 && health.frame_rate == 30);
    CHECK(health.latency == 4 && health.fault == 2 && health.camera == 0);
    CHECK(!edge_fer_receiver_health(&pair.receiver, 1751, &health));
    CHECK(edge_fer_receiver_trust(&pair.receiver, EDGE_FER_HEALTH, 1751) == EDGE_FER_INVALID);
    CHECK(edge_fer_receiver_trust(&pair.receiver, EDGE_FER_DRIVER_STATE, 1751) == EDGE_FER_NODATA);
}

static void another_protocol_version_is_noticed(void)
{
    const struct edge_fer_codec_health_t health = {
        .protocol_version = EDGE_FER_PROTOCOL_VERSION + 1};
    pair pair = make_pair();
    uint8_t payload[8];

    CHECK(edge_fer_receiver_is_compatible(&pair.receiver, 0));
    CHECK(edge_fer_codec_health_pack(payload, &health, 8) == 8);
    for (unsigned i = 0; i < 2; i++) {
        const edge_fer_frame frame = protected_frame(&pair, EDGE_FER_HEALTH, payload);

        (void)edge_fer_receiver_take(&pair.receiver, &frame, 0);
    }
    CHECK(!edge_fer_receiver_is_compatible(&pair.receiver, 0));
    CHECK(edge_fer_receiver_is_compatible(&pair.receiver, 10000));
}

/* 254 s: more than the 16 bits of an int on a small controller hold in milliseconds. */
static void a_long_validity_is_not_cut(void)
{
    pair pair = make_pair();
    struct edge_fer_codec_driver_request_t request;

    (void)send_request(&pair, 1, 254, 0);
    (void)send_request(&pair, 1, 254, 0);
    CHECK(edge_fer_receiver_driver_request(&pair.receiver, 254000, &request));
    CHECK(!edge_fer_receiver_driver_request(&pair.receiver, 254001, &request));
}

static void a_request_is_known_until_its_validity_is_over(void)
{
    const uint32_t start_ms = UINT32_MAX - 1500;
    pair pair = make_pair();
    struct edge_fer_codec_driver_request_t request;

    (void)send_request(&pair, 42, 3, start_ms);
    CHECK(!edge_fer_receiver_driver_request(&pair.receiver, start_ms, &request));
    CHECK(edge_fer_is_usable(send_request(&pair, 42, 3, start_ms + 20)));
    CHECK(edge_fer_receiver_driver_request(&pair.receiver, start_ms + 20, &request));
    CHECK(request.type == EDGE_FER_CODEC_DRIVER_REQUEST_TYPE_ARE_YOU_ALL_RIGHT_CHOICE);
    CHECK(request.id == 42 && request.severity == 2 && request.valid_for == 3);
    CHECK(request.reason == 10);
    /* Asked by a clock that was read just before the frame was stamped. */
    CHECK(edge_fer_receiver_driver_request(&pair.receiver, start_ms + 19, &request));
    CHECK(edge_fer_receiver_driver_request(&pair.receiver, start_ms + 3020, &request));
    CHECK(!edge_fer_receiver_driver_request(&pair.receiver, start_ms + 3021, &request));
    CHECK(request.id == EDGE_FER_CODEC_DRIVER_REQUEST_ID_NOT_AVAILABLE_CHOICE);
    /* A whole turn of the clock later it is as over as ever. */
    CHECK(!edge_fer_receiver_driver_request(&pair.receiver, start_ms + 20, &request));
    /* Its sender is still trusted: the next one is known at once. */
    CHECK(edge_fer_is_usable(send_request(&pair, 43, 254, start_ms + 100000)));
    CHECK(edge_fer_receiver_driver_request(&pair.receiver, start_ms + 354000, &request));
    CHECK(request.id == 43);
    CHECK(!edge_fer_receiver_driver_request(&pair.receiver, start_ms + 354001, &request));
}

static void a_request_that_does_not_say_how_long_is_known_for_three_and_a_half_repetitions(void)
{
    pair pair = make_pair();
    struct edge_fer_codec_driver_request_t request;

    (void)send_request(&pair, 1, 255, 0);
    (void)send_request(&pair, 1, 255, 0);
    CHECK(edge_fer_receiver_driver_request(&pair.receiver, 3500, &request));
    CHECK(request.id == 1);
    CHECK(!edge_fer_receiver_driver_request(&pair.receiver, 3501, &request));
}

/* The second frame of a request is believed, 20 ms after the first. */
static void a_request_is_known_at_once_after_a_restart_of_the_camera_unit(void)
{
    for (uint8_t jump = 3; jump < 16; jump++) {
        pair pair = make_pair();
        struct edge_fer_codec_driver_request_t request;

        (void)send_request(&pair, 1, 100, 0);
        (void)send_request(&pair, 1, 100, 20);
        pair.senders[EDGE_FER_DRIVER_REQUEST].counter += jump;
        CHECK(!edge_fer_is_usable(send_request(&pair, 2, 100, 60000)));
        CHECK(edge_fer_is_usable(send_request(&pair, 2, 100, 60020)));
        CHECK(edge_fer_receiver_driver_request(&pair.receiver, 60020, &request));
        CHECK(request.id == 2);
    }
}

static void a_request_of_a_sender_out_of_sequence_is_unknown(void)
{
    pair pair = make_pair();
    struct edge_fer_codec_driver_request_t request;

    (void)send_request(&pair, 1, 100, 0);
    (void)send_request(&pair, 1, 100, 0);
    for (unsigned i = 0; i < 3; i++) {
        pair.senders[EDGE_FER_DRIVER_REQUEST].counter += 7;
        CHECK(send_request(&pair, 2, 100, 10).status == EDGE_FER_WRONG_SEQUENCE);
    }
    CHECK(!edge_fer_receiver_driver_request(&pair.receiver, 10, &request));
    CHECK(request.id == EDGE_FER_CODEC_DRIVER_REQUEST_ID_NOT_AVAILABLE_CHOICE);
    for (unsigned good = 0; good < 3; good++) {
        (void)send_request(&pair, 2, 100, 20);
    }
    CHECK(edge_fer_receiver_driver_request(&pair.receiver, 20, &request));
    CHECK(request.id == 2);
}

static edge_fer_check send_timing(pair *pair, uint32_t send_time, uint32_t now_ms)
{
    const struct edge_fer_codec_link_timing_t content = {
        .send_time = send_time, .frames_skipped = 3};
    uint8_t payload[8];
    edge_fer_frame frame;

    CHECK(edge_fer_codec_link_timing_pack(payload, &content, sizeof payload) == 8);
    frame = protected_frame(pair, EDGE_FER_LINK_TIMING, payload);
    return edge_fer_receiver_take(&pair->receiver, &frame, now_ms);
}

/* The reader stops for ten seconds, and comes back to all of them. */
static void states_that_waited_in_a_queue_are_never_known(void)
{
    pair pair = make_pair();
    struct edge_fer_codec_driver_state_t state;
    struct edge_fer_codec_link_timing_t timing;
    uint32_t now_ms = 0;
    uint32_t sent_ms = 0;

    CHECK(edge_fer_receiver_age_ms(&pair.receiver, 0) == UINT32_MAX);
    for (; sent_ms < 1000; sent_ms += 100, now_ms += 100) {
        (void)send_timing(&pair, sent_ms, now_ms);
        (void)send_state(&pair, 1, now_ms);
    }
    CHECK(edge_fer_receiver_driver_state(&pair.receiver, now_ms, &state));
    CHECK(edge_fer_receiver_link_timing(&pair.receiver, now_ms, &timing));
    CHECK(timing.send_time == 900 && timing.frames_skipped == 3);
    CHECK(edge_fer_receiver_age_ms(&pair.receiver, now_ms + 7) == 107);
    now_ms += 10000;
    for (; sent_ms < 10900; sent_ms += 100) {
        const bool is_old = sent_ms + 600 < now_ms;
        edge_fer_check check;

        (void)send_timing(&pair, sent_ms, now_ms);
        check = send_state(&pair, 5, now_ms);
        CHECK(!is_old || check.status == EDGE_FER_STALE);
        CHECK(!is_old || !edge_fer_receiver_driver_state(&pair.receiver, now_ms, &state));
    }
    for (unsigned i = 0; i < 5; i++, sent_ms += 100, now_ms += 100) {
        (void)send_timing(&pair, sent_ms, now_ms);
        (void)send_state(&pair, 2, now_ms);
    }
    CHECK(edge_fer_receiver_driver_state(&pair.receiver, now_ms - 100, &state));
    CHECK(state.state == 2);
}

static void a_damaged_or_unknown_time_is_not_believed(void)
{
    pair pair = make_pair();
    edge_fer_frame frame = {.id = edge_fer_messages[EDGE_FER_LINK_TIMING].id, .length = 8};

    CHECK(edge_fer_receiver_take(&pair.receiver, &frame, 0).status == EDGE_FER_WRONG_CRC);
    CHECK(edge_fer_receiver_age_ms(&pair.receiver, 0) == UINT32_MAX);
    CHECK(send_timing(&pair, UINT32_MAX, 0).status == EDGE_FER_OK);
    CHECK(edge_fer_receiver_age_ms(&pair.receiver, 0) == UINT32_MAX);
    CHECK(send_timing(&pair, 5, 0).status == EDGE_FER_OK);
    pair.senders[EDGE_FER_LINK_TIMING].counter++;
    CHECK(send_timing(&pair, 105, 100).status == EDGE_FER_SOME_LOST);
    CHECK(edge_fer_receiver_age_ms(&pair.receiver, 100) == 0);
    pair.senders[EDGE_FER_LINK_TIMING].counter += 7;
    CHECK(send_timing(&pair, 205, 200).status == EDGE_FER_WRONG_SEQUENCE);
    CHECK(edge_fer_receiver_age_ms(&pair.receiver, 200) == 100);
}

static void windows_of_ones_own_reach_each_message(void)
{
    static const edge_fer_e2e_config slow = {{4, 4, 0}, {4, 1, 0}, {4, 4, 0}};
    pair pair = make_pair();

    edge_fer_receiver_init_with(&pair.receiver, &slow);
    for (unsigned good = 1; good <= 4; good++) {
        CHECK(edge_fer_is_usable(send_state(&pair, 1, 0)) == (good == 4));
    }
}

void test_receiver(void)
{
    RUN(the_table_says_what_the_codec_says);
    RUN(at_first_nothing_is_known);
    RUN(content_is_known_once_its_sender_is_trusted_and_until_its_time_is_over);
    RUN(only_good_frames_replace_content);
    RUN(frames_of_a_wrong_length_do_not_keep_content_known);
    RUN(other_ids_are_unknown_its_own_too);
    RUN(each_message_has_its_own_sender_and_time);
    RUN(another_protocol_version_is_noticed);
    RUN(a_long_validity_is_not_cut);
    RUN(a_request_is_known_until_its_validity_is_over);
    RUN(a_request_that_does_not_say_how_long_is_known_for_three_and_a_half_repetitions);
    RUN(a_request_is_known_at_once_after_a_restart_of_the_camera_unit);
    RUN(states_that_waited_in_a_queue_are_never_known);
    RUN(a_damaged_or_unknown_time_is_not_believed);
    RUN(windows_of_ones_own_reach_each_message);
    RUN(a_request_of_a_sender_out_of_sequence_is_unknown);
}
