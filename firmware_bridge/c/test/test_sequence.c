#include "check.h"
#include "edge_fer_e2e.h"

enum { HIGHEST = 15, TIMEOUT_MS = 350 };

/* Returns a sequence that trusts its sender, the last counter being 1, at `now_ms`. */
static edge_fer_sequence trusting(uint32_t now_ms)
{
    edge_fer_sequence made;

    edge_fer_sequence_init(&made, TIMEOUT_MS);
    (void)edge_fer_sequence_check(&made, 0, HIGHEST, now_ms);
    (void)edge_fer_sequence_check(&made, 1, HIGHEST, now_ms);
    CHECK(made.trust == EDGE_FER_VALID);
    return made;
}

static bool is(edge_fer_check check, edge_fer_status status, edge_fer_trust trust, uint8_t lost)
{
    return check.status == status && check.trust == trust && check.lost == lost;
}

static void two_good_frames_make_a_sender_trusted(void)
{
    edge_fer_sequence made;

    edge_fer_sequence_init(&made, TIMEOUT_MS);
    CHECK(edge_fer_sequence_age(&made, 1000000) == EDGE_FER_NO_DATA);
    CHECK(is(edge_fer_sequence_check(&made, 15, HIGHEST, 0), EDGE_FER_OK, EDGE_FER_INITIAL, 0));
    CHECK(is(edge_fer_sequence_check(&made, 0, HIGHEST, 0), EDGE_FER_OK, EDGE_FER_VALID, 0));
    for (uint8_t i = 1; i < 40; i++) {
        CHECK(is(edge_fer_sequence_check(&made, i % 16, HIGHEST, 0), EDGE_FER_OK, EDGE_FER_VALID,
                 0));
    }
}

static void few_lost_frames_are_counted_and_forgiven(void)
{
    edge_fer_sequence one = trusting(0);
    edge_fer_sequence two = trusting(0);

    CHECK(is(edge_fer_sequence_check(&one, 3, HIGHEST, 0), EDGE_FER_SOME_LOST, EDGE_FER_VALID, 1));
    CHECK(is(edge_fer_sequence_check(&two, 4, HIGHEST, 0), EDGE_FER_SOME_LOST, EDGE_FER_VALID, 2));
    CHECK(edge_fer_is_usable((edge_fer_check){EDGE_FER_SOME_LOST, EDGE_FER_VALID, 2}));
    CHECK(!edge_fer_is_usable((edge_fer_check){EDGE_FER_SOME_LOST, EDGE_FER_INITIAL, 2}));
    CHECK(!edge_fer_is_usable((edge_fer_check){EDGE_FER_REPEATED, EDGE_FER_VALID, 0}));
}

static void a_larger_jump_is_a_wrong_sequence_and_three_good_frames_recover(void)
{
    for (uint8_t jump = 4; jump < 16; jump++) {
        edge_fer_sequence made = trusting(0);
        const uint8_t counter = (uint8_t)(1 + jump) % 16;

        CHECK(is(edge_fer_sequence_check(&made, counter, HIGHEST, 0), EDGE_FER_WRONG_SEQUENCE,
                 EDGE_FER_INVALID, 0));
        for (uint8_t good = 1; good <= 3; good++) {
            CHECK(is(edge_fer_sequence_check(&made, (uint8_t)(counter + good) % 16, HIGHEST, 0),
                     EDGE_FER_OK, good < 3 ? EDGE_FER_INVALID : EDGE_FER_VALID, 0));
        }
    }
}

static void repeated_frames_do_not_keep_a_sender_trusted(void)
{
    edge_fer_sequence made = trusting(0);

    CHECK(edge_fer_sequence_age(&made, 350) == EDGE_FER_VALID);
    CHECK(is(edge_fer_sequence_check(&made, 1, HIGHEST, 350), EDGE_FER_REPEATED, EDGE_FER_VALID, 0));
    CHECK(edge_fer_sequence_age(&made, 351) == EDGE_FER_INVALID);
}

static void a_wrong_sequence_before_trust_asks_for_three_too(void)
{
    edge_fer_sequence made;

    edge_fer_sequence_init(&made, TIMEOUT_MS);
    (void)edge_fer_sequence_check(&made, 0, HIGHEST, 0);
    CHECK(edge_fer_sequence_check(&made, 8, HIGHEST, 0).trust == EDGE_FER_INVALID);
    CHECK(edge_fer_sequence_check(&made, 9, HIGHEST, 0).trust == EDGE_FER_INVALID);
    CHECK(edge_fer_sequence_check(&made, 10, HIGHEST, 0).trust == EDGE_FER_INVALID);
    CHECK(edge_fer_sequence_check(&made, 11, HIGHEST, 0).trust == EDGE_FER_VALID);
}

static void the_timeout_holds_at_every_place_of_the_wrap(void)
{
    static const uint32_t starts[] = {0,          1,          UINT32_MAX / 2, UINT32_MAX / 2 + 1,
                                      UINT32_MAX, 0xFFFFFF00, 0xFFFFFEA1,     0xFFFFFEA2};

    for (unsigned i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        edge_fer_sequence made = trusting(starts[i]);

        for (uint32_t age_ms = 0; age_ms <= TIMEOUT_MS; age_ms++) {
            CHECK(edge_fer_sequence_age(&made, starts[i] + age_ms) == EDGE_FER_VALID);
        }
        CHECK(edge_fer_sequence_age(&made, starts[i] + TIMEOUT_MS + 1) == EDGE_FER_INVALID);
        /* A whole turn of the clock later the content is as old as ever. */
        CHECK(edge_fer_sequence_age(&made, starts[i]) == EDGE_FER_INVALID);
        CHECK(edge_fer_sequence_age(&made, starts[i] + TIMEOUT_MS) == EDGE_FER_INVALID);
    }
}

static void a_clock_read_before_the_frame_was_stamped_is_no_timeout(void)
{
    edge_fer_sequence made = trusting(0);

    CHECK(edge_fer_sequence_age(&made, UINT32_MAX) == EDGE_FER_VALID); /* 1 ms before */
    CHECK(edge_fer_sequence_age(&made, UINT32_MAX - 999) == EDGE_FER_VALID);
    CHECK(edge_fer_sequence_age(&made, UINT32_MAX - 1000) == EDGE_FER_INVALID);
}

static void a_long_sleep_is_a_timeout(void)
{
    const uint32_t day_ms = 24U * 60U * 60U * 1000U;

    for (uint32_t days = 1; days <= 49; days++) {
        edge_fer_sequence made = trusting(0);

        CHECK(edge_fer_sequence_age(&made, days * day_ms) == EDGE_FER_INVALID);
    }
}

static void without_a_timeout_a_sender_stays_trusted(void)
{
    edge_fer_sequence made = trusting(0);

    made.timeout_ms = 0;
    CHECK(edge_fer_sequence_age(&made, 1000000) == EDGE_FER_VALID);
}

void test_sequence(void)
{
    RUN(two_good_frames_make_a_sender_trusted);
    RUN(few_lost_frames_are_counted_and_forgiven);
    RUN(a_larger_jump_is_a_wrong_sequence_and_three_good_frames_recover);
    RUN(repeated_frames_do_not_keep_a_sender_trusted);
    RUN(a_wrong_sequence_before_trust_asks_for_three_too);
    RUN(the_timeout_holds_at_every_place_of_the_wrap);
    RUN(a_clock_read_before_the_frame_was_stamped_is_no_timeout);
    RUN(a_long_sleep_is_a_timeout);
    RUN(without_a_timeout_a_sender_stays_trusted);
}
