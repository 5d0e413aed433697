#include <string.h>

#include "check.h"
#include "edge_fer_cobs.h"

static const edge_fer_frame example = {
    0x3A0, 8, {0xB4, 0xD0, 0x03, 0xAF, 0x90, 0x14, 0x04, 0x05}};
static const uint8_t example_packet[] = {0x00, 0x0F, 0xA0, 0x03, 0xB4, 0xD0, 0x03, 0xAF, 0x90,
                                         0x14, 0x04, 0x05, 0x10, 0x24, 0xAA, 0x4C, 0x00};

/* Returns how many frames `bytes` complete; the last is in `frame`. */
static unsigned feed(edge_fer_cobs_parser *parser, const uint8_t *bytes, size_t length,
                     edge_fer_frame *frame)
{
    unsigned frames = 0;

    for (size_t i = 0; i < length; i++) {
        frames += edge_fer_cobs_feed(parser, bytes[i], frame);
    }
    return frames;
}

static bool is_same(const edge_fer_frame *one, const edge_fer_frame *other)
{
    return one->id == other->id && one->length == other->length &&
           memcmp(one->data, other->data, sizeof one->data) == 0;
}

/* A parser that has been through anything takes the next whole packet. */
static void check_still_works(edge_fer_cobs_parser *parser)
{
    edge_fer_frame frame;

    CHECK(feed(parser, example_packet, sizeof example_packet, &frame) == 1);
    CHECK(is_same(&frame, &example));
}

static void the_packet_of_the_example(void)
{
    edge_fer_cobs_parser parser;
    uint8_t packet[EDGE_FER_COBS_ENCODED_LENGTH];

    CHECK(edge_fer_cobs_encode(&example, packet) == sizeof example_packet);
    CHECK(memcmp(packet, example_packet, sizeof example_packet) == 0);
    edge_fer_cobs_init(&parser);
    check_still_works(&parser);
    CHECK(parser.frames == 1 && parser.rejected_packets == 0 && parser.rejected_bytes == 0);
}

static void frames_of_every_id_and_length_survive_the_line(void)
{
    edge_fer_cobs_parser parser;
    uint8_t packet[EDGE_FER_COBS_ENCODED_LENGTH];
    edge_fer_frame received;

    edge_fer_cobs_init(&parser);
    for (uint16_t id = 0; id <= EDGE_FER_MAX_ID; id++) {
        edge_fer_frame sent = {id, (uint8_t)(id % 9), {0}};
        size_t length;

        for (uint8_t i = 0; i < sent.length; i++) {
            sent.data[i] = (uint8_t)((id >> i) % 3); /* many zeros, at every place */
        }
        length = edge_fer_cobs_encode(&sent, packet);
        CHECK(length == 9U + sent.length);
        CHECK(memchr(&packet[1], 0, length - 1) == &packet[length - 1]);
        CHECK(feed(&parser, packet, length, &received) == 1);
        CHECK(is_same(&sent, &received));
    }
    CHECK(parser.frames == EDGE_FER_MAX_ID + 1 && parser.rejected_bytes == 0);
}

static void frames_with_29_bit_ids_survive_the_line(void)
{
    static const uint8_t expected[] = {0x00, 0x0C, 0xFF, 0x98, 0x12, 0x10, 0xB4, 0xD0, 0x03};
    edge_fer_cobs_parser parser;
    uint8_t packet[EDGE_FER_COBS_ENCODED_LENGTH];
    edge_fer_frame received;
    edge_fer_frame sent = {EDGE_FER_EXTENDED_ID | UINT32_C(0x18FF1012), 3, {0xB4, 0xD0, 0x03}};

    edge_fer_cobs_init(&parser);
    CHECK(edge_fer_cobs_encode(&sent, packet) == 14);
    CHECK(memcmp(packet, expected, sizeof expected) == 0);
    for (unsigned bit = 0; bit < 29; bit++) {
        for (uint8_t length = 0; length <= EDGE_FER_MAX_LENGTH; length++) {
            size_t encoded;

            sent.id = EDGE_FER_EXTENDED_ID | UINT32_C(1) << bit;
            sent.length = length;
            memset(sent.data, 0, sizeof sent.data);
            encoded = edge_fer_cobs_encode(&sent, packet);
            CHECK(encoded == 11U + length);
            CHECK(feed(&parser, packet, encoded, &received) == 1);
            CHECK(is_same(&sent, &received));
        }
    }
    CHECK(parser.rejected_bytes == 0);
}

static void what_is_not_exactly_a_frame_is_rejected_and_counted(void)
{
    static const struct {
        uint8_t length;
        uint8_t bytes[24];
    } packets[] = {
        /* Ids of twelve and sixteen bits, half an id, none at all; their CRCs are right. */
        {7, {0x01, 0x06, 0x08, 0xCD, 0x9A, 0x02, 0x4F}},
        {7, {0x03, 0xFF, 0xFF, 0x01, 0x03, 0xFF, 0xFF}},
        /* An id of 30 bits, three bytes of one with 29, nine bytes of data. */
        {9, {0x01, 0x02, 0xA0, 0x01, 0x05, 0x7C, 0x82, 0x3C, 0xF8}},
        {8, {0x08, 0xFF, 0x98, 0x01, 0x7B, 0xDD, 0x46, 0x8F}},
        {16, {0x10, 0xA0, 0x03, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x97, 0x0F, 0x2B, 0xD7}},
        {6, {0x06, 0xA0, 0x65, 0x4C, 0xD4, 0x04}},
        {5, {0x01, 0x01, 0x01, 0x01, 0x01}},
        {1, {0x01}},
        {1, {0xFF}},
        {2, {0x03, 0x11}},
        {3, {0x02, 0x11, 0x02}},
        {14, {0x0E, 0xA0, 0x03, 0xB4, 0xD0, 0x03, 0xAF, 0x90, 0x14, 0x04, 0x05, 0x10, 0x24, 0xAA}},
        {15, {0x0F, 0xA0, 0x03, 0xB4, 0xD0, 0x03, 0xAF, 0x90, 0x14, 0x04, 0x05, 0x10, 0x24, 0xAA,
              0x4D}},
        {16, {0x10, 0xA0, 0x03, 0xB4, 0xD0, 0x03, 0xAF, 0x90, 0x14, 0x04, 0x05, 0x10, 0x24, 0xAA,
              0x4C, 0x01}},
    };

    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
        edge_fer_cobs_parser parser;
        edge_fer_frame frame;

        edge_fer_cobs_init(&parser);
        CHECK(feed(&parser, packets[i].bytes, packets[i].length, &frame) == 0);
        CHECK(!edge_fer_cobs_feed(&parser, 0, &frame));
        CHECK(parser.frames == 0 && parser.rejected_packets == 1);
        CHECK(parser.rejected_bytes == packets[i].length + 1U);
        check_still_works(&parser);
    }
}

static void delimiters_in_a_row_enclose_nothing(void)
{
    edge_fer_cobs_parser parser;
    edge_fer_frame frame;

    edge_fer_cobs_init(&parser);
    for (unsigned i = 0; i < 100; i++) {
        CHECK(!edge_fer_cobs_feed(&parser, 0, &frame));
    }
    CHECK(parser.rejected_packets == 0 && parser.rejected_bytes == 0);
    check_still_works(&parser);
}

static void an_endless_packet_is_bounded_and_counted_once(void)
{
    edge_fer_cobs_parser parser;
    edge_fer_frame frame;

    edge_fer_cobs_init(&parser);
    for (unsigned i = 0; i < 1000; i++) {
        CHECK(!edge_fer_cobs_feed(&parser, 'x', &frame));
        CHECK(parser.length <= EDGE_FER_COBS_MAX_STUFFED);
    }
    CHECK(!edge_fer_cobs_feed(&parser, 0, &frame));
    CHECK(parser.rejected_packets == 1 && parser.rejected_bytes == 1001);
    check_still_works(&parser);
}

static void noise_before_a_packet_costs_no_frame(void)
{
    for (uint8_t length = 0; length < 40; length++) {
        edge_fer_cobs_parser parser;
        edge_fer_frame frame;

        edge_fer_cobs_init(&parser);
        for (uint8_t i = 0; i < length; i++) {
            CHECK(!edge_fer_cobs_feed(&parser, (uint8_t)(length + i), &frame));
        }
        check_still_works(&parser);
    }
}

static void errors_of_two_bits_never_make_another_frame(void)
{
    enum { BITS = 8 * sizeof example_packet };
    uint8_t packet[sizeof example_packet];

    memcpy(packet, example_packet, sizeof packet);
    for (unsigned first = 0; first < BITS; first++) {
        for (unsigned second = 0; second <= first; second++) { /* the same bit: of one bit */
            edge_fer_cobs_parser parser;
            edge_fer_frame frame = example;

            edge_fer_cobs_init(&parser);
            packet[first / 8] ^= (uint8_t)(1U << first % 8);
            if (second != first) {
                packet[second / 8] ^= (uint8_t)(1U << second % 8);
            }
            (void)feed(&parser, packet, sizeof packet, &frame);
            CHECK(is_same(&frame, &example));
            memcpy(packet, example_packet, sizeof packet);
        }
    }
}

static void only_classic_frames_are_sent(void)
{
    uint8_t packet[EDGE_FER_COBS_ENCODED_LENGTH];
    const edge_fer_frame wide = {0x800, 0, {0}};
    const edge_fer_frame longer = {1, 9, {0}};

    const edge_fer_frame wider = {EDGE_FER_EXTENDED_ID | UINT32_C(0x20000000), 0, {0}};

    CHECK(edge_fer_cobs_encode(&wide, packet) == 0);
    CHECK(edge_fer_cobs_encode(&wider, packet) == 0);
    CHECK(edge_fer_cobs_encode(&longer, packet) == 0);
}

void test_cobs(void)
{
    RUN(the_packet_of_the_example);
    RUN(frames_of_every_id_and_length_survive_the_line);
    RUN(frames_with_29_bit_ids_survive_the_line);
    RUN(what_is_not_exactly_a_frame_is_rejected_and_counted);
    RUN(delimiters_in_a_row_enclose_nothing);
    RUN(an_endless_packet_is_bounded_and_counted_once);
    RUN(noise_before_a_packet_costs_no_frame);
    RUN(errors_of_two_bits_never_make_another_frame);
    RUN(only_classic_frames_are_sent);
}
