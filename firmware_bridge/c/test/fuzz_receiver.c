/*
 * Any frames at any times through the receiver, beside a model that keeps time in 64 bits: content
 * is known only while its sender is trusted, is that of the last usable frame, and never too old.
 *
 * The input is records of 12 bytes: how much later, what to do, length, counter jump, data.
 */
#include <string.h>

#include "edge_fer_receiver.h"
#include "fuzz.h"

enum { RECORD_LENGTH = 12 };

typedef struct {
    bool is_known;
    uint64_t good_ms;
    uint8_t data[8];
} model;

static void protect(edge_fer_profile22_sender senders[], unsigned message, uint8_t jump,
                    edge_fer_frame *frame)
{
    senders[message].counter = (senders[message].counter + jump) & 0x0F;
    (void)edge_fer_profile22_protect(&senders[message], frame->data, frame->length);
}

/* Whether signals fill a message to its last bit. */
static bool is_full(unsigned message)
{
    return message != EDGE_FER_HEALTH && message != EDGE_FER_DRIVER_REQUEST &&
           message != EDGE_FER_LINK_TIMING;
}

static void require_as_model(edge_fer_receiver *receiver, const model models[], uint64_t now_ms)
{
    struct edge_fer_codec_driver_state_t state;
    struct edge_fer_codec_emotion_probabilities_t emotions;
    struct edge_fer_codec_health_t health;
    struct edge_fer_codec_driver_request_t request;
    struct edge_fer_codec_pipeline_figures_t figures;
    struct edge_fer_codec_fault_counters_t counters;
    struct edge_fer_codec_driver_evidence_t evidence;
    struct edge_fer_codec_link_timing_t timing;
    const uint32_t clock_ms = (uint32_t)now_ms;
    const bool known[EDGE_FER_RECEIVED_COUNT] = {
        edge_fer_receiver_driver_state(receiver, clock_ms, &state),
        edge_fer_receiver_emotion_probabilities(receiver, clock_ms, &emotions),
        edge_fer_receiver_health(receiver, clock_ms, &health),
        edge_fer_receiver_driver_request(receiver, clock_ms, &request),
        edge_fer_receiver_pipeline_figures(receiver, clock_ms, &figures),
        edge_fer_receiver_fault_counters(receiver, clock_ms, &counters),
        edge_fer_receiver_driver_evidence(receiver, clock_ms, &evidence),
        edge_fer_receiver_link_timing(receiver, clock_ms, &timing),
    };
    uint8_t packed[EDGE_FER_RECEIVED_COUNT][8];

    (void)edge_fer_codec_driver_state_pack(packed[0], &state, 8);
    (void)edge_fer_codec_emotion_probabilities_pack(packed[1], &emotions, 8);
    (void)edge_fer_codec_health_pack(packed[2], &health, 8);
    (void)edge_fer_codec_driver_request_pack(packed[3], &request, 8);
    (void)edge_fer_codec_pipeline_figures_pack(packed[4], &figures, 8);
    (void)edge_fer_codec_fault_counters_pack(packed[5], &counters, 8);
    (void)edge_fer_codec_driver_evidence_pack(packed[6], &evidence, 8);
    (void)edge_fer_codec_link_timing_pack(packed[7], &timing, 8);
    for (unsigned i = 0; i < EDGE_FER_RECEIVED_COUNT; i++) {
        const uint64_t age_ms = now_ms - models[i].good_ms;
        const uint32_t timeout_ms = edge_fer_messages[i].timeout_ms;

        if (!known[i]) {
            REQUIRE(packed[i][0] == 0xFF && packed[i][2] == 0xFF);
            continue;
        }
        REQUIRE(models[i].is_known);
        REQUIRE(timeout_ms == 0 || age_ms <= timeout_ms);
        /* Bits that no signal uses come back as zeros. */
        if (i == EDGE_FER_LINK_TIMING) {
            REQUIRE(memcmp(&packed[i][2], &models[i].data[2], 4) == 0);
        } else {
            REQUIRE(memcmp(packed[i], models[i].data, is_full(i) ? 8 : 5) == 0);
        }
    }
    REQUIRE(!known[EDGE_FER_DRIVER_REQUEST] ||
            now_ms - models[EDGE_FER_DRIVER_REQUEST].good_ms <=
                (request.valid_for == 255 ? 3500U : request.valid_for * 1000U));
}

/* A frame belongs to the message of its id, also where the id came about by chance. */
static unsigned message_of(const edge_fer_frame *frame)
{
    unsigned message = 0;

    while (message < EDGE_FER_MESSAGE_COUNT && edge_fer_messages[message].id != frame->id) {
        message++;
    }
    return message;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    edge_fer_profile22_sender senders[EDGE_FER_MESSAGE_COUNT];
    model models[EDGE_FER_RECEIVED_COUNT] = {{0}};
    edge_fer_receiver receiver;
    uint64_t now_ms = UINT32_MAX - 2000U; /* soon the 32 bits wrap */

    for (unsigned i = 0; i < EDGE_FER_MESSAGE_COUNT; i++) {
        edge_fer_profile22_sender_init(&senders[i], edge_fer_messages[i].data_ids);
    }
    edge_fer_receiver_init(&receiver);
    for (; size >= RECORD_LENGTH; data += RECORD_LENGTH, size -= RECORD_LENGTH) {
        const unsigned message = data[1] % EDGE_FER_MESSAGE_COUNT;
        edge_fer_frame frame = {.id = edge_fer_messages[message].id};
        edge_fer_check check;

        /* Mostly a cycle or so, now and then up to 49 days. */
        now_ms += data[0] < 250 ? data[0] : (uint64_t)4233600000 >> 5 * (data[0] - 250);
        frame.length = data[2] > 240 ? data[2] % 9 : 8;
        memcpy(frame.data, &data[4], 8);
        if (data[1] < 240) {
            protect(senders, message, data[3] > 200 ? data[3] % 8 : 0, &frame);
        } else if (data[1] > 250) {
            frame.id = (uint32_t)data[3] << 3;
        }
        check = edge_fer_receiver_take(&receiver, &frame, (uint32_t)now_ms);
        if (edge_fer_is_usable(check)) {
            const unsigned received = message_of(&frame);

            REQUIRE(received < EDGE_FER_RECEIVED_COUNT && frame.length == 8);
            models[received].is_known = true;
            models[received].good_ms = now_ms;
            memcpy(models[received].data, frame.data, 8);
        }
        require_as_model(&receiver, models, now_ms);
    }
    return 0;
}

size_t fuzz_plausible(uint32_t *random, uint8_t *out, size_t capacity)
{
    size_t size = 0;
    const uint8_t message = (uint8_t)fuzz_random(random);

    while (size + RECORD_LENGTH <= capacity) {
        for (size_t i = 0; i < RECORD_LENGTH; i++) {
            out[size + i] = (uint8_t)fuzz_random(random);
        }
        if (fuzz_random(random) % 4 != 0) { /* one sender, in order, in time */
            out[size] = (uint8_t)(fuzz_random(random) % 200);
            out[size + 1] = message % 240;
            out[size + 2] = 8;
            out[size + 3] = 0;
        }
        size += RECORD_LENGTH;
    }
    return size;
}
