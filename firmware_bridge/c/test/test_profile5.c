#include <string.h>

#include "check.h"
#include "edge_fer_profile5.h"

enum { DATA_ID = 0x1234 };

static void frames_are_those_of_the_published_vectors(void)
{
    static const struct {
        uint8_t counter;
        uint8_t expected[8];
    } vectors[] = {
        {0, {0x1C, 0xCA, 0x00}},
        {1, {0xCF, 0x8D, 0x01}},
        {255, {0x53, 0x5E, 0xFF}},
    };

    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        edge_fer_profile5_sender sender;
        edge_fer_profile5_receiver receiver;
        uint8_t frame[8] = {0xAA, 0xBB, 0xCC}; /* what was there is replaced */

        edge_fer_profile5_sender_init(&sender, DATA_ID);
        sender.counter = vectors[i].counter;
        CHECK(edge_fer_profile5_protect(&sender, frame, sizeof frame));
        CHECK(memcmp(frame, vectors[i].expected, sizeof frame) == 0);
        edge_fer_profile5_receiver_init(&receiver, DATA_ID, 0);
        CHECK(edge_fer_profile5_check(&receiver, frame, sizeof frame, 0).status == EDGE_FER_OK);
    }
}

static void the_crc_is_that_of_the_catalogue(void)
{
    const uint8_t data[9] = {0, 0, '1', '2', '3', '4', '5', '6', '7'};

    CHECK(edge_fer_profile5_crc(data, sizeof data, '8' | '9' << 8) == 0x29B1);
}

static void the_counter_starts_at_0_and_wraps_after_255(void)
{
    edge_fer_profile5_sender sender;
    uint8_t frame[64] = {0};

    edge_fer_profile5_sender_init(&sender, DATA_ID);
    for (unsigned i = 0; i <= 256; i++) {
        CHECK(edge_fer_profile5_protect(&sender, frame, sizeof frame));
        CHECK(frame[2] == i % 256);
    }
}

static void a_frame_without_room_is_left_alone(void)
{
    edge_fer_profile5_sender sender;
    uint8_t frame[3] = {0xAA, 0xBB, 0xCC};

    edge_fer_profile5_sender_init(&sender, DATA_ID);
    CHECK(!edge_fer_profile5_protect(&sender, frame, 2));
    CHECK(sender.counter == 0 && frame[0] == 0xAA && frame[1] == 0xBB && frame[2] == 0xCC);
    CHECK(edge_fer_profile5_protect(&sender, frame, 3));
}

static void a_broken_frame_changes_nothing(void)
{
    edge_fer_profile5_sender sender;
    edge_fer_profile5_receiver receiver;
    uint8_t frame[16] = {0};
    edge_fer_check check;

    edge_fer_profile5_sender_init(&sender, DATA_ID);
    sender.counter = 254;
    edge_fer_profile5_receiver_init(&receiver, DATA_ID, 350);
    for (unsigned i = 0; i < 3; i++) { /* 254, 255, 0 */
        (void)edge_fer_profile5_protect(&sender, frame, sizeof frame);
        check = edge_fer_profile5_check(&receiver, frame, sizeof frame, 0);
        CHECK(check.status == EDGE_FER_OK);
    }
    CHECK(edge_fer_is_usable(check));
    (void)edge_fer_profile5_protect(&sender, frame, sizeof frame);
    for (unsigned bit = 0; bit < 128; bit++) {
        frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
        check = edge_fer_profile5_check(&receiver, frame, sizeof frame, 100);
        CHECK(check.status == EDGE_FER_WRONG_CRC && check.trust == EDGE_FER_VALID);
        frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    check = edge_fer_profile5_check(&receiver, frame, 2, 100);
    CHECK(check.status == EDGE_FER_WRONG_CRC);
    check = edge_fer_profile5_check(&receiver, NULL, 0, 100);
    CHECK(check.status == EDGE_FER_NO_NEW_DATA && check.trust == EDGE_FER_VALID);
    check = edge_fer_profile5_check(&receiver, frame, sizeof frame, 100);
    CHECK(check.status == EDGE_FER_OK && edge_fer_is_usable(check));
    check = edge_fer_profile5_check(&receiver, NULL, 0, 451);
    CHECK(check.status == EDGE_FER_NO_NEW_DATA && check.trust == EDGE_FER_INVALID);
}

static void sixteen_ahead_is_not_one_ahead(void)
{
    edge_fer_profile5_sender sender;
    edge_fer_profile5_receiver receiver;
    uint8_t frame[8] = {0};

    edge_fer_profile5_sender_init(&sender, DATA_ID);
    edge_fer_profile5_receiver_init(&receiver, DATA_ID, 0);
    (void)edge_fer_profile5_protect(&sender, frame, sizeof frame);
    (void)edge_fer_profile5_check(&receiver, frame, sizeof frame, 0);
    sender.counter = 17;
    (void)edge_fer_profile5_protect(&sender, frame, sizeof frame);
    CHECK(edge_fer_profile5_check(&receiver, frame, sizeof frame, 0).status ==
          EDGE_FER_WRONG_SEQUENCE);
}

void test_profile5(void)
{
    RUN(frames_are_those_of_the_published_vectors);
    RUN(the_crc_is_that_of_the_catalogue);
    RUN(the_counter_starts_at_0_and_wraps_after_255);
    RUN(a_frame_without_room_is_left_alone);
    RUN(a_broken_frame_changes_nothing);
    RUN(sixteen_ahead_is_not_one_ahead);
}
