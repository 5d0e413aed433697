#include <string.h>

#include "check.h"
#include "edge_fer_slcan.h"

static const char example_line[] = "t3A08B4D003AF90140405\r";
static const edge_fer_frame example = {
    0x3A0, 8, {0xB4, 0xD0, 0x03, 0xAF, 0x90, 0x14, 0x04, 0x05}};

/* Returns how many frames `text` completes; the last is in `frame`. */
static unsigned feed(edge_fer_slcan_parser *parser, const void *text, size_t length,
                     edge_fer_frame *frame)
{
    const uint8_t *bytes = text;
    unsigned frames = 0;

    for (size_t i = 0; i < length; i++) {
        frames += edge_fer_slcan_feed(parser, bytes[i], frame);
    }
    return frames;
}

static bool is_same(const edge_fer_frame *one, const edge_fer_frame *other)
{
    return one->id == other->id && one->length == other->length &&
           memcmp(one->data, other->data, sizeof one->data) == 0;
}

/* A parser that has been through anything takes the next whole line. */
static void check_still_works(edge_fer_slcan_parser *parser)
{
    edge_fer_frame frame;

    CHECK(feed(parser, example_line, strlen(example_line), &frame) == 1);
    CHECK(is_same(&frame, &example));
}

static void the_line_of_the_design(void)
{
    edge_fer_slcan_parser parser;
    uint8_t line[EDGE_FER_SLCAN_ENCODED_LENGTH];

    CHECK(edge_fer_slcan_encode(&example, line) == strlen(example_line));
    CHECK(memcmp(line, example_line, strlen(example_line)) == 0);
    edge_fer_slcan_init(&parser);
    check_still_works(&parser);
    CHECK(parser.frames == 1 && parser.rejected_bytes == 0);
}

static void frames_of_every_id_and_length_survive_the_line(void)
{
    edge_fer_slcan_parser parser;
    uint8_t line[EDGE_FER_SLCAN_ENCODED_LENGTH];
    edge_fer_frame received;

    edge_fer_slcan_init(&parser);
    for (uint16_t id = 0; id <= EDGE_FER_MAX_ID; id++) {
        edge_fer_frame sent = {id, (uint8_t)(id % 9), {0}};

        for (uint8_t i = 0; i < sent.length; i++) {
            sent.data[i] = (uint8_t)(31 * id + 7 * i);
        }
        CHECK(feed(&parser, line, edge_fer_slcan_encode(&sent, line), &received) == 1);
        CHECK(is_same(&sent, &received));
    }
    CHECK(parser.frames == EDGE_FER_MAX_ID + 1);
    CHECK(parser.ignored_lines + parser.rejected_lines + parser.rejected_bytes == 0);
}

static void lower_case_digits_are_as_good(void)
{
    edge_fer_slcan_parser parser;
    edge_fer_frame frame;

    edge_fer_slcan_init(&parser);
    CHECK(feed(&parser, "t3a08b4d003af90140405\r", 22, &frame) == 1);
    CHECK(is_same(&frame, &example));
}

static void what_is_not_exactly_a_frame_is_rejected_and_counted(void)
{
    static const char *const lines[] = {
        "t", "t3A", "t3A0", "t3A09B4D003AF9014040500", "t3A0F", "t8000", "tFFF0",
        "t3A08B4D003AF901404", "t3A08B4D003AF9014040", "t3A08B4D003AF901404050",
        "t3A08B4D003AF9014040506", "t3A08B4D003AF90140405AB123", "t3A08B4D003AF9014040G",
        "t3A08 4D003AF90140405", "t 3A08B4D003AF9014040", "t3A0+B4D003AF90140405",
        "t3A08B4D003AF901404\xff\x35", "\xff\xfe\xfd", "x3A08\x80", "x\x1f", "x\x7f",
        "3A08B4D003AF90140405", "time 12:31", "T3A08B4D003AF90140405", "r8008", "r1239",
        "r123", "r12381", "R212345678", "R112345679", "R11234567", "T212345670", "T112345679",
        "T11234567", "T1123456700", "T112345670123", "d123",
    };

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        edge_fer_slcan_parser parser;
        edge_fer_frame frame;

        edge_fer_slcan_init(&parser);
        CHECK(feed(&parser, lines[i], strlen(lines[i]), &frame) == 0);
        CHECK(feed(&parser, "\r", 1, &frame) == 0);
        CHECK(parser.frames == 0 && parser.ignored_lines == 0 && parser.rejected_lines == 1);
        CHECK(parser.rejected_bytes == strlen(lines[i]) + 1);
        check_still_works(&parser);
    }
}

static void text_is_foreign(void)
{
    static const char *const lines[] = {
        "x3A08B4D003AF90140405", "S9x", "Sx", "S:", "s123", "s12345678", "s12345x", "M123456789",
        "Mx", "V123456789", "V1{", "V_", "V1@", "r1x38", "T11234567x", "T112345670x", "dx", "a b",
        "status: to be told", "\tready~", "x",
    };
    static const char *const ends[] = {"\r", "\n", "\r\n"};

    for (size_t i = 0; i < 3 * sizeof lines / sizeof lines[0]; i++) {
        const char *line = lines[i / 3];
        edge_fer_slcan_parser parser;
        edge_fer_frame frame;

        edge_fer_slcan_init(&parser);
        CHECK(feed(&parser, line, strlen(line), &frame) == 0);
        CHECK(feed(&parser, ends[i % 3], strlen(ends[i % 3]), &frame) == 0);
        CHECK(parser.foreign_lines == 1 && parser.foreign_bytes == strlen(line) + 1);
        CHECK(parser.ignored_lines == 0 && parser.rejected_lines == 0 && parser.frames == 0);
        check_still_works(&parser);
    }
}

static void text_is_foreign_up_to_a_length(void)
{
    for (unsigned length = EDGE_FER_SLCAN_MAX_LONG_LINE - 1;
         length <= EDGE_FER_SLCAN_MAX_LONG_LINE + 1; length++) {
        for (unsigned i = 0; i < 2; i++) {
            const bool is_short = length <= EDGE_FER_SLCAN_MAX_LONG_LINE;
            edge_fer_slcan_parser parser;
            edge_fer_frame frame;

            edge_fer_slcan_init(&parser);
            for (unsigned j = 0; j < length; j++) {
                CHECK(!edge_fer_slcan_feed(&parser, i == 0 ? 'x' : 'd', &frame));
            }
            CHECK(!edge_fer_slcan_feed(&parser, '\r', &frame));
            CHECK(parser.foreign_lines == (is_short && i == 0));
            CHECK(parser.ignored_lines == (is_short && i == 1));
            CHECK(parser.rejected_lines == !is_short);
        }
    }
}

static void a_time_stamp_is_no_part_of_the_data(void)
{
    static const char *const lines[] = {
        "t3A08B4D003AF90140405EA5F\r", "t3A08B4D003AF9014040500012345\r",
        "t3A08B4D003AF90140405\r\n", "t3A08B4D003AF90140405\n",
    };

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        edge_fer_slcan_parser parser;
        edge_fer_frame frame;

        edge_fer_slcan_init(&parser);
        CHECK(feed(&parser, lines[i], strlen(lines[i]), &frame) == 1);
        CHECK(is_same(&frame, &example));
        CHECK(parser.frames == 1 && parser.ignored_lines == 0 && parser.rejected_lines == 0);
    }
}

static void legal_sentences_that_are_not_for_us_are_ignored(void)
{
    static const char *const sentences[] = {
        "C\r", "S6\r", "S9\r", "O\r", "V\r", "V1013\r", "NA123zZ\r", "F00\r", "v1\r", "Z0\r",
        "z\r", "\r", "\x07", "s1234\r", "s12aF56\r", "M00000000\r", "mF\r", "W1\r", "r7FF8\r",
        "r0000\r", "R1FFFFFFF8\r", "R000000000\r",         "r7FF8EA5F\r",
        "R1FFFFFFF812345678\r", "d1230\r", "D1ABCDEF0F\r", "b123F00\r", "B0000000F\r",
    };

    for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++) {
        edge_fer_slcan_parser parser;
        edge_fer_frame frame;

        edge_fer_slcan_init(&parser);
        CHECK(feed(&parser, sentences[i], strlen(sentences[i]), &frame) == 0);
        CHECK(parser.ignored_lines == 1 && parser.rejected_lines == 0);
        CHECK(parser.rejected_bytes == 0 && parser.length == 0);
        check_still_works(&parser);
    }
}

static void a_frame_behind_one_that_lost_its_end_is_kept(void)
{
    edge_fer_slcan_parser parser;
    edge_fer_frame frame;

    edge_fer_slcan_init(&parser);
    CHECK(feed(&parser, "t3A08B4D0", 9, &frame) == 0);
    check_still_works(&parser);
    CHECK(parser.frames == 1 && parser.rejected_lines == 1 && parser.rejected_bytes == 9);
}

static void a_bell_inside_a_line_belongs_to_it(void)
{
    edge_fer_slcan_parser parser;
    edge_fer_frame frame;

    edge_fer_slcan_init(&parser);
    CHECK(feed(&parser, "x\x07\r", 3, &frame) == 0);
    CHECK(parser.ignored_lines == 0 && parser.rejected_bytes == 3);
}

static void an_endless_line_is_bounded_and_counted_once(void)
{
    edge_fer_slcan_parser parser;
    edge_fer_frame frame;

    edge_fer_slcan_init(&parser);
    for (unsigned i = 0; i < 1000; i++) {
        CHECK(!edge_fer_slcan_feed(&parser, i % 2 == 0 ? 'x' : 0x07, &frame));
        CHECK(parser.length <= EDGE_FER_SLCAN_MAX_LINE);
    }
    CHECK(!edge_fer_slcan_feed(&parser, '\r', &frame));
    CHECK(parser.rejected_lines == 1 && parser.rejected_bytes == 1001);
    CHECK(parser.ignored_lines == 0);
    for (unsigned i = 0; i < 50; i++) {
        (void)edge_fer_slcan_feed(&parser, 'x', &frame);
    }
    check_still_works(&parser); /* its `t` ends the endless line */
    CHECK(parser.rejected_lines == 2 && parser.rejected_bytes == 1051);
    for (unsigned i = 0; i < EDGE_FER_SLCAN_MAX_LINE; i++) {
        (void)edge_fer_slcan_feed(&parser, 'x', &frame);
    }
    CHECK(parser.length == EDGE_FER_SLCAN_MAX_LINE && !parser.is_overlong);
}

static void frames_with_29_bits_of_id_survive_the_line(void)
{
    edge_fer_slcan_parser parser;
    uint8_t line[EDGE_FER_SLCAN_ENCODED_LENGTH];
    edge_fer_frame received;

    edge_fer_slcan_init(&parser);
    for (uint32_t id = 0; id <= EDGE_FER_MAX_EXTENDED_ID; id += 999983) {
        const edge_fer_frame sent = {
            id | EDGE_FER_EXTENDED_ID, (uint8_t)(id % 9), {id & 1, 0, 0, 0, 0, 0, 0, 0}};

        CHECK(feed(&parser, line, edge_fer_slcan_encode(&sent, line), &received) == 1);
        CHECK(received.id == sent.id && received.length == sent.length);
    }
    CHECK(feed(&parser, "T1FFFFFFF0\r", 11, &received) == 1);
    CHECK(received.id == (EDGE_FER_MAX_EXTENDED_ID | EDGE_FER_EXTENDED_ID));
    CHECK(feed(&parser, "T1ABCDEF02AABB1234\r", 19, &received) == 1);
    CHECK(received.id == 0x9ABCDEF0U && received.length == 2 && received.data[1] == 0xBB);
    CHECK(parser.rejected_lines + parser.ignored_lines + parser.foreign_lines == 0);
}

static void only_classic_frames_are_sent(void)
{
    uint8_t line[EDGE_FER_SLCAN_ENCODED_LENGTH];
    const edge_fer_frame wide = {0x800, 0, {0}};
    const edge_fer_frame wider = {0xA0000000U, 0, {0}};
    const edge_fer_frame longer = {1, 9, {0}};

    CHECK(edge_fer_slcan_encode(&wide, line) == 0);
    CHECK(edge_fer_slcan_encode(&wider, line) == 0);
    CHECK(edge_fer_slcan_encode(&longer, line) == 0);
}

void test_slcan(void)
{
    RUN(the_line_of_the_design);
    RUN(frames_of_every_id_and_length_survive_the_line);
    RUN(lower_case_digits_are_as_good);
    RUN(what_is_not_exactly_a_frame_is_rejected_and_counted);
    RUN(text_is_foreign);
    RUN(text_is_foreign_up_to_a_length);
    RUN(a_time_stamp_is_no_part_of_the_data);
    RUN(legal_sentences_that_are_not_for_us_are_ignored);
    RUN(a_frame_behind_one_that_lost_its_end_is_kept);
    RUN(a_bell_inside_a_line_belongs_to_it);
    RUN(an_endless_line_is_bounded_and_counted_once);
    RUN(frames_with_29_bits_of_id_survive_the_line);
    RUN(only_classic_frames_are_sent);
}
