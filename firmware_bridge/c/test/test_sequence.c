#include "check.h"
#include "edge_fer_e2e.h"

enum { HIGHEST = 15, TIMEOUT_MS = 350 };

static edge_fer_check check(edge_fer_sequence *sequence, unsigned counter, uint32_t now_ms)
{
    return edge_fer_sequence_check(sequence, (uint8_t)(counter % 16), HIGHEST, true, now_ms);
}

/* Returns a sequence that trusts its sender, the last counter being 1, at `now_ms`. */
static edge_fer_sequence trusting(uint32_t now_ms)
{
    edge_fer_sequence made;

    edge_fer_sequence_init(&made, TIMEOUT_MS, &edge_fer_e2e_default);
    (void)check(&made, 0, now_ms);
    (void)check(&made, 1, now_ms);
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

    edge_fer_sequence_init(&made, TIMEOUT_MS, &edge_fer_e2e_default);
    CHECK(edge_fer_sequence_age(&made, 1000000) == EDGE_FER_NODATA);
    CHECK(is(check(&made, 15, 0), EDGE_FER_OK, EDGE_FER_INIT, 0));
    CHECK(is(check(&made, 0, 0), EDGE_FER_OK, EDGE_FER_VALID, 0));
    for (uint8_t i = 1; i < 40; i++) {
        CHECK(is(check(&made, i % 16, 0), EDGE_FER_OK, EDGE_FER_VALID,
                 0));
    }
}

static void few_lost_frames_are_counted_and_forgiven(void)
{
    edge_fer_sequence one = trusting(0);
    edge_fer_sequence two = trusting(0);

    CHECK(is(check(&one, 3, 0), EDGE_FER_SOME_LOST, EDGE_FER_VALID, 1));
    CHECK(is(check(&two, 4, 0), EDGE_FER_SOME_LOST, EDGE_FER_VALID, 2));
    CHECK(edge_fer_is_usable((edge_fer_check){EDGE_FER_SOME_LOST, EDGE_FER_VALID, 2}));
    CHECK(!edge_fer_is_usable((edge_fer_check){EDGE_FER_SOME_LOST, EDGE_FER_INIT, 2}));
    CHECK(!edge_fer_is_usable((edge_fer_check){EDGE_FER_REPEATED, EDGE_FER_VALID, 0}));
}

static void a_larger_jump_is_a_wrong_sequence_and_the_next_frame_is_good(void)
{
    for (uint8_t jump = 4; jump < 16; jump++) {
        edge_fer_sequence made = trusting(0);

        CHECK(is(check(&made, 1U + jump, 0), EDGE_FER_WRONG_SEQUENCE, EDGE_FER_VALID, 0));
        CHECK(is(check(&made, 2U + jump, 0), EDGE_FER_OK, EDGE_FER_VALID, 0));
    }
}

static void a_sender_that_is_mostly_out_of_sequence_is_not_trusted(void)
{
    edge_fer_sequence made = trusting(0);
    unsigned counter = 1;

    for (unsigned i = 0; i < 3; i++) {
        counter += 5;
        CHECK(is(check(&made, counter, 0), EDGE_FER_WRONG_SEQUENCE,
                 i < 2 ? EDGE_FER_VALID : EDGE_FER_INVALID, 0));
    }
    for (uint8_t good = 1; good <= 3; good++) {
        CHECK(is(check(&made, counter + good, 0), EDGE_FER_OK,
                 good < 3 ? EDGE_FER_INVALID : EDGE_FER_VALID, 0));
    }
}

/* Every second frame is damaged: after a few of them nothing of that sender is believed. */
static void a_mixture_of_good_and_damaged_frames_is_not_trusted(void)
{
    edge_fer_sequence made = trusting(0);

    CHECK(edge_fer_sequence_missed(&made, EDGE_FER_WRONG_CRC).trust == EDGE_FER_VALID);
    for (unsigned counter = 3; counter < 15; counter += 2) {
        CHECK(check(&made, counter, 0).trust ==
              (counter == 3 ? EDGE_FER_VALID : EDGE_FER_INVALID));
        CHECK(edge_fer_sequence_missed(&made, EDGE_FER_WRONG_CRC).trust == EDGE_FER_INVALID);
    }
}

static void one_damaged_frame_of_four_is_forgiven(void)
{
    edge_fer_sequence made = trusting(0);

    for (unsigned counter = 2; counter < 200; counter++) {
        if (counter % 4 == 3) {
            CHECK(edge_fer_sequence_missed(&made, EDGE_FER_WRONG_CRC).trust == EDGE_FER_VALID);
        } else {
            CHECK(check(&made, counter, 0).trust == EDGE_FER_VALID);
        }
    }
}

static void damaged_frames_at_the_beginning_make_it_invalid(void)
{
    edge_fer_sequence made;

    edge_fer_sequence_init(&made, TIMEOUT_MS, &edge_fer_e2e_default);
    CHECK(edge_fer_sequence_missed(&made, EDGE_FER_WRONG_CRC).trust == EDGE_FER_NODATA);
    CHECK(check(&made, 0, 0).trust == EDGE_FER_INIT);
    CHECK(edge_fer_sequence_missed(&made, EDGE_FER_WRONG_CRC).trust == EDGE_FER_INIT);
    CHECK(edge_fer_sequence_missed(&made, EDGE_FER_NO_NEW_DATA).trust == EDGE_FER_INIT);
    CHECK(edge_fer_sequence_missed(&made, EDGE_FER_WRONG_CRC).trust == EDGE_FER_INVALID);
}

/* Each state has a window of its own, and the one of INVALID begins empty. */
static void each_state_has_its_window(void)
{
    static const edge_fer_e2e_config config = {{4, 4, 0}, {16, 4, 0}, {4, 2, 0}};
    edge_fer_sequence made;
    unsigned counter = 0;

    edge_fer_sequence_init(&made, 0, &config);
    for (; counter < 4; counter++) {
        (void)check(&made, counter, 0);
    }
    for (unsigned i = 0; i < 12; i++) {
        CHECK(edge_fer_sequence_missed(&made, EDGE_FER_REPEATED).trust == EDGE_FER_VALID);
    }
    CHECK(edge_fer_sequence_missed(&made, EDGE_FER_WRONG_CRC).trust == EDGE_FER_INVALID);
    CHECK(check(&made, counter, 0).trust == EDGE_FER_INVALID);
    CHECK(check(&made, counter + 1, 0).trust == EDGE_FER_VALID);
}

static void windows_and_limits_can_be_chosen(void)
{
    static const edge_fer_e2e_config strict = {{5, 4, 0}, {16, 4, 0}, {16, 16, 0}};
    edge_fer_sequence made;
    unsigned counter = 0;

    edge_fer_sequence_init(&made, 0, &strict);
    for (unsigned good = 1; good <= 4; good++) {
        CHECK(check(&made, counter++, 0).trust == (good < 4 ? EDGE_FER_INIT : EDGE_FER_VALID));
    }
    CHECK(edge_fer_sequence_missed(&made, EDGE_FER_WRONG_CRC).trust == EDGE_FER_INVALID);
    for (unsigned good = 1; good <= 16; good++) {
        CHECK(check(&made, counter++, 0).trust == (good < 16 ? EDGE_FER_INVALID : EDGE_FER_VALID));
    }
}

static void a_stale_frame_is_not_believed_but_the_next_is_compared_with_it(void)
{
    edge_fer_sequence made = trusting(0);

    for (unsigned counter = 2; counter < 12; counter++) {
        CHECK(edge_fer_sequence_check(&made, (uint8_t)counter, HIGHEST, false, 100).status ==
              EDGE_FER_STALE);
    }
    CHECK(made.trust == EDGE_FER_INVALID);
    CHECK(made.last_good_ms == 0);
    for (unsigned counter = 12; counter < 15; counter++) {
        CHECK(is(check(&made, counter, 200), EDGE_FER_OK,
                 counter < 14 ? EDGE_FER_INVALID : EDGE_FER_VALID, 0));
    }
}

static void repeated_frames_do_not_keep_a_sender_trusted(void)
{
    edge_fer_sequence made = trusting(0);

    CHECK(edge_fer_sequence_age(&made, 350) == EDGE_FER_VALID);
    CHECK(is(check(&made, 1, 350), EDGE_FER_REPEATED, EDGE_FER_VALID, 0));
    CHECK(edge_fer_sequence_age(&made, 351) == EDGE_FER_INVALID);
}

static void after_a_timeout_three_good_frames_recover(void)
{
    edge_fer_sequence made = trusting(0);

    CHECK(edge_fer_sequence_age(&made, 351) == EDGE_FER_INVALID);
    CHECK(check(&made, 2, 400).trust == EDGE_FER_INVALID);
    CHECK(check(&made, 3, 400).trust == EDGE_FER_INVALID);
    CHECK(check(&made, 4, 400).trust == EDGE_FER_VALID);
}

static void a_wrong_sequence_before_trust_delays_it(void)
{
    edge_fer_sequence made;

    edge_fer_sequence_init(&made, TIMEOUT_MS, &edge_fer_e2e_default);
    (void)check(&made, 0, 0);
    CHECK(check(&made, 8, 0).trust == EDGE_FER_INIT);
    CHECK(check(&made, 9, 0).trust == EDGE_FER_VALID);
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
    RUN(a_larger_jump_is_a_wrong_sequence_and_the_next_frame_is_good);
    RUN(a_sender_that_is_mostly_out_of_sequence_is_not_trusted);
    RUN(a_mixture_of_good_and_damaged_frames_is_not_trusted);
    RUN(one_damaged_frame_of_four_is_forgiven);
    RUN(damaged_frames_at_the_beginning_make_it_invalid);
    RUN(each_state_has_its_window);
    RUN(windows_and_limits_can_be_chosen);
    RUN(a_stale_frame_is_not_believed_but_the_next_is_compared_with_it);
    RUN(after_a_timeout_three_good_frames_recover);
    RUN(repeated_frames_do_not_keep_a_sender_trusted);
    RUN(a_wrong_sequence_before_trust_delays_it);
    RUN(the_timeout_holds_at_every_place_of_the_wrap);
    RUN(a_clock_read_before_the_frame_was_stamped_is_no_timeout);
    RUN(a_long_sleep_is_a_timeout);
    RUN(without_a_timeout_a_sender_stays_trusted);
}
