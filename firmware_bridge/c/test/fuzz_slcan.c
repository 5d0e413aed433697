/* Any bytes through the SLCAN parser. */
#include <string.h>

#include "edge_fer_slcan.h"
#include "fuzz.h"

static const char example[] = "t3A08B4D003AF90140405\r";

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'F' ? (uint8_t)(byte | 0x20) : byte;
}

/* A frame says exactly what the bytes before it say, from the latest `t` on. */
static size_t require_said(const edge_fer_frame *frame, const uint8_t *data, size_t size)
{
    uint8_t line[EDGE_FER_SLCAN_ENCODED_LENGTH];
    const size_t length = edge_fer_slcan_encode(frame, line);
    size_t start = size;

    do {
        REQUIRE(start > 0);
        start--;
    } while (data[start] != 't' && data[start] != 'T');
    REQUIRE(length >= 6 && (data[start] == 'T') == ((frame->id & EDGE_FER_EXTENDED_ID) != 0));
    /* A time-stamp may follow. */
    REQUIRE(size - start == length || size - start == length + 4 || size - start == length + 8);
    for (size_t i = 0; i + 1 < length; i++) {
        REQUIRE(lower(data[start + i]) == lower(line[i]) || i == 0);
    }
    return size - start;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    edge_fer_slcan_parser parser;
    edge_fer_frame frame;
    size_t accepted = 0;
    uint32_t frames = 0;
    uint32_t ends = 0;
    uint32_t feeds = 0;
    size_t thrown;

    edge_fer_slcan_init(&parser);
    for (size_t i = 0; i < size; i++) {
        if (edge_fer_slcan_feed(&parser, data[i], &frame)) {
            accepted += require_said(&frame, data, i + 1);
            frames++;
        }
        ends += data[i] == '\r';
        REQUIRE(parser.length <= EDGE_FER_SLCAN_MAX_LINE);
        feeds += data[i] == '\n';
    }
    REQUIRE(parser.frames == frames);
    thrown = parser.rejected_bytes + parser.foreign_bytes;
    REQUIRE(parser.frames + parser.ignored_lines + parser.foreign_lines + parser.rejected_lines >=
            ends);
    REQUIRE(accepted + thrown + parser.ignored_lines + parser.pending <= size);
    REQUIRE(parser.ignored_lines > 0 || feeds > 0 || accepted + thrown + parser.pending == size);

    frames = 0;
    for (size_t i = 0; i < strlen(example); i++) {
        frames += edge_fer_slcan_feed(&parser, (uint8_t)example[i], &frame);
    }
    REQUIRE(frames == 1 && frame.id == 0x3A0 && frame.length == 8 && frame.data[7] == 0x05);
    return 0;
}

size_t fuzz_plausible(uint32_t *random, uint8_t *out, size_t capacity)
{
    static const char alphabet[] = "0123456789ABCDEFabcdeftTrRSOCVsMZ\r\r\r\n\x07";
    size_t size = 0;

    while (size + EDGE_FER_SLCAN_ENCODED_LENGTH <= capacity && fuzz_random(random) % 16 != 0) {
        if (fuzz_random(random) % 4 == 0) {
            for (size_t left = fuzz_random(random) % 20; left > 0; left--) {
                out[size++] = (uint8_t)alphabet[fuzz_random(random) % (sizeof alphabet - 1)];
            }
        } else {
            edge_fer_frame frame = {.id = fuzz_random(random) & 0x7FF,
                                    .length = (uint8_t)(fuzz_random(random) % 9)};

            for (size_t i = 0; i < frame.length; i++) {
                frame.data[i] = (uint8_t)fuzz_random(random);
            }
            size += edge_fer_slcan_encode(&frame, &out[size]);
        }
    }
    return size;
}
