#include <string.h>

#include "check.h"
#include "edge_fer_profile22.h"
#include "generated/edge_fer_messages.h"

static const uint8_t counting_ids[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const uint8_t example[8] = {0x00, 0xD0, 0x03, 0xAF, 0x90, 0x14, 0x04, 0x05};
static const uint8_t zeros[8] = {0};

static bool is_vector(const uint8_t *ids, uint8_t counter, const uint8_t *payload,
                      const uint8_t *expected)
{
    edge_fer_profile22_sender sender;
    edge_fer_profile22_receiver receiver;
    uint8_t frame[8];

    edge_fer_profile22_sender_init(&sender, ids);
    sender.counter = (uint8_t)(counter - 1); /* it is raised before each frame */
    memcpy(frame, payload, sizeof frame);
    CHECK(edge_fer_profile22_protect(&sender, frame, sizeof frame));
    edge_fer_profile22_receiver_init(&receiver, ids, 0, &edge_fer_e2e_default);
    CHECK(edge_fer_profile22_check(&receiver, frame, sizeof frame, 0).status == EDGE_FER_OK);
    return memcmp(frame, expected, sizeof frame) == 0;
}

static void frames_are_those_of_the_published_vectors(void)
{
    const uint8_t *ids = edge_fer_messages[EDGE_FER_DRIVER_STATE].data_ids;
    const uint8_t counting[8] = {0x1B, 0x01};
    const uint8_t zeros_0[8] = {0xF5, 0x00};
    const uint8_t zeros_1[8] = {0x46, 0x01};
    const uint8_t zeros_15[8] = {0xE1, 0x0F};
    const uint8_t example_0[8] = {0xB4, 0xD0, 0x03, 0xAF, 0x90, 0x14, 0x04, 0x05};
    const uint8_t example_1[8] = {0x07, 0xD1, 0x03, 0xAF, 0x90, 0x14, 0x04, 0x05};
    const uint8_t example_14[8] = {0x13, 0xDE, 0x03, 0xAF, 0x90, 0x14, 0x04, 0x05};
    const uint8_t example_15[8] = {0xA0, 0xDF, 0x03, 0xAF, 0x90, 0x14, 0x04, 0x05};

    CHECK(is_vector(counting_ids, 1, zeros, counting));
    CHECK(is_vector(ids, 0, zeros, zeros_0));
    CHECK(is_vector(ids, 1, zeros, zeros_1));
    CHECK(is_vector(ids, 15, zeros, zeros_15));
    CHECK(is_vector(ids, 0, example, example_0));
    CHECK(is_vector(ids, 1, example, example_1));
    CHECK(is_vector(ids, 14, example, example_14));
    CHECK(is_vector(ids, 15, example, example_15));
}

static void the_crc_is_that_of_the_catalogue(void)
{
    const uint8_t data[9] = {0, '1', '2', '3', '4', '5', '6', '7', '8'};

    CHECK(edge_fer_profile22_crc(data, sizeof data, '9') == 0xDF);
}

static void the_counter_starts_at_1_and_wraps_after_15(void)
{
    edge_fer_profile22_sender sender;
    uint8_t frame[8] = {0xFF, 0xFF};

    edge_fer_profile22_sender_init(&sender, counting_ids);
    for (unsigned i = 1; i <= 17; i++) {
        CHECK(edge_fer_profile22_protect(&sender, frame, sizeof frame));
        CHECK((frame[1] & 0x0F) == i % 16);
        CHECK((frame[1] & 0xF0) == 0xF0);
    }
}

static void a_frame_without_room_is_left_alone(void)
{
    edge_fer_profile22_sender sender;
    uint8_t frame[2] = {0xAA, 0xBB};

    edge_fer_profile22_sender_init(&sender, counting_ids);
    CHECK(!edge_fer_profile22_protect(&sender, frame, 1));
    CHECK(sender.counter == 0 && frame[0] == 0xAA && frame[1] == 0xBB);
    CHECK(edge_fer_profile22_protect(&sender, frame, 2));
}

static void a_broken_frame_is_not_believed(void)
{
    edge_fer_profile22_sender sender;
    edge_fer_profile22_receiver receiver;
    uint8_t frame[8] = {0};
    edge_fer_check check;

    edge_fer_profile22_sender_init(&sender, counting_ids);
    edge_fer_profile22_receiver_init(&receiver, counting_ids, 350, &edge_fer_e2e_default);
    for (unsigned i = 0; i < 2; i++) {
        (void)edge_fer_profile22_protect(&sender, frame, sizeof frame);
        check = edge_fer_profile22_check(&receiver, frame, sizeof frame, 0);
    }
    CHECK(edge_fer_is_usable(check));
    (void)edge_fer_profile22_protect(&sender, frame, sizeof frame);
    for (unsigned bit = 0; bit < 64; bit++) {
        edge_fer_profile22_receiver one = receiver;

        frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
        check = edge_fer_profile22_check(&one, frame, sizeof frame, 100);
        CHECK(check.status == EDGE_FER_WRONG_CRC && check.trust == EDGE_FER_VALID);
        CHECK(!edge_fer_is_usable(check));
        frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    check = edge_fer_profile22_check(&receiver, frame, 1, 100);
    CHECK(check.status == EDGE_FER_WRONG_CRC);
    check = edge_fer_profile22_check(&receiver, NULL, 0, 100);
    CHECK(check.status == EDGE_FER_NO_NEW_DATA && check.trust == EDGE_FER_VALID);
    check = edge_fer_profile22_check(&receiver, frame, sizeof frame, 100);
    CHECK(check.status == EDGE_FER_OK && edge_fer_is_usable(check));
    check = edge_fer_profile22_check(&receiver, NULL, 0, 451);
    CHECK(check.status == EDGE_FER_NO_NEW_DATA && check.trust == EDGE_FER_INVALID);
}

/* After the time-out one good frame is not enough: as many as an invalid sender needs are. */
static void a_frame_after_the_timeout_is_not_believed_at_once(void)
{
    const uint8_t *ids = edge_fer_messages[EDGE_FER_DRIVER_STATE].data_ids;
    edge_fer_profile22_sender sender;
    edge_fer_profile22_receiver receiver;
    uint8_t frame[8] = {0};
    edge_fer_check check = {0};

    edge_fer_profile22_sender_init(&sender, ids);
    edge_fer_profile22_receiver_init(&receiver, ids, 350, &edge_fer_e2e_default);
    for (uint32_t now_ms = 0; now_ms <= 300; now_ms += 100) {
        (void)edge_fer_profile22_protect(&sender, frame, sizeof frame);
        check = edge_fer_profile22_check(&receiver, frame, sizeof frame, now_ms);
    }
    CHECK(check.trust == EDGE_FER_VALID);
    (void)edge_fer_profile22_protect(&sender, frame, sizeof frame);
    check = edge_fer_profile22_check(&receiver, frame, sizeof frame, 1000);
    CHECK(check.status == EDGE_FER_OK && check.trust == EDGE_FER_INVALID);
}

static void errors_of_two_bits_are_found_at_every_counter(void)
{
    const uint8_t *ids = edge_fer_messages[EDGE_FER_DRIVER_STATE].data_ids;
    edge_fer_profile22_sender sender;
    edge_fer_profile22_receiver receiver;
    uint8_t frame[8];

    edge_fer_profile22_sender_init(&sender, ids);
    for (unsigned counter = 0; counter < 16; counter++) {
        memcpy(frame, example, sizeof frame);
        (void)edge_fer_profile22_protect(&sender, frame, sizeof frame);
        for (unsigned first = 0; first < 64; first++) {
            for (unsigned second = 0; second < first; second++) {
                edge_fer_profile22_receiver_init(&receiver, ids, 0, &edge_fer_e2e_default);
                frame[first / 8] ^= (uint8_t)(1U << first % 8);
                frame[second / 8] ^= (uint8_t)(1U << second % 8);
                CHECK(edge_fer_profile22_check(&receiver, frame, sizeof frame, 0).status ==
                      EDGE_FER_WRONG_CRC);
                frame[first / 8] ^= (uint8_t)(1U << first % 8);
                frame[second / 8] ^= (uint8_t)(1U << second % 8);
            }
        }
    }
}

void test_profile22(void)
{
    RUN(frames_are_those_of_the_published_vectors);
    RUN(the_crc_is_that_of_the_catalogue);
    RUN(the_counter_starts_at_1_and_wraps_after_15);
    RUN(a_frame_without_room_is_left_alone);
    RUN(a_broken_frame_is_not_believed);
    RUN(a_frame_after_the_timeout_is_not_believed_at_once);
    RUN(errors_of_two_bits_are_found_at_every_counter);
}
