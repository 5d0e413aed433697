/* Any bytes through the COBS parser. */
#include <string.h>

#include "edge_fer_cobs.h"
#include "fuzz.h"

static const uint8_t example[] = {0x00, 0x0F, 0xA0, 0x03, 0xB4, 0xD0, 0x03, 0xAF, 0x90,
                                  0x14, 0x04, 0x05, 0x10, 0x24, 0xAA, 0x4C, 0x00};

/* A frame says exactly what the bytes before it say; the delimiter in front may be another's. */
static size_t require_said(const edge_fer_frame *frame, const uint8_t *data, size_t size)
{
    uint8_t packet[EDGE_FER_COBS_ENCODED_LENGTH];
    const size_t length = edge_fer_cobs_encode(frame, packet);

    REQUIRE(length >= 9 && length - 1 <= size);
    REQUIRE(memcmp(&packet[1], &data[size - (length - 1)], length - 1) == 0);
    return length - 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    edge_fer_cobs_parser parser;
    edge_fer_frame frame;
    size_t accepted = 0;
    size_t alone = 0; /* delimiters that enclose nothing */
    uint32_t ends = 0;
    uint32_t frames = 0;

    edge_fer_cobs_init(&parser);
    for (size_t i = 0; i < size; i++) {
        if (edge_fer_cobs_feed(&parser, data[i], &frame)) {
            accepted += require_said(&frame, data, i + 1);
            frames++;
        }
        if (data[i] == 0) {
            const int is_alone = i == 0 || data[i - 1] == 0;

            alone += is_alone != 0;
            ends += is_alone == 0;
        }
        REQUIRE(parser.length <= EDGE_FER_COBS_MAX_STUFFED);
    }
    REQUIRE(parser.frames == frames);
    REQUIRE(parser.frames + parser.rejected_packets == ends);
    REQUIRE(accepted + alone + parser.rejected_bytes + parser.length == size);

    frames = 0;
    for (size_t i = 0; i < sizeof example; i++) {
        if (edge_fer_cobs_feed(&parser, example[i], &frame)) {
            frames++;
        }
    }
    REQUIRE(frames >= 1 && frame.id == 0x3A0 && frame.length == 8 && frame.data[7] == 0x05);
    return 0;
}

size_t fuzz_plausible(uint32_t *random, uint8_t *out, size_t capacity)
{
    size_t size = 0;

    while (size + EDGE_FER_COBS_ENCODED_LENGTH <= capacity && fuzz_random(random) % 16 != 0) {
        const uint32_t id = fuzz_random(random);
        edge_fer_frame frame = {.id = (id & EDGE_FER_EXTENDED_ID) != 0
                                          ? id & (EDGE_FER_EXTENDED_ID | EDGE_FER_MAX_EXTENDED_ID)
                                          : id & EDGE_FER_MAX_ID,
                                .length = (uint8_t)(fuzz_random(random) % 9)};

        for (size_t i = 0; i < frame.length; i++) {
            frame.data[i] = (uint8_t)(fuzz_random(random) % 4 == 0 ? 0 : fuzz_random(random));
        }
        size += edge_fer_cobs_encode(&frame, &out[size]);
    }
    return size;
}
