#include "check.h"
#include "edge_fer_send_clock.h"

static void nothing_is_known_before_the_first_message(void)
{
    edge_fer_send_clock clock;

    edge_fer_send_clock_init(&clock);
    CHECK(edge_fer_send_clock_age_ms(&clock, 1000) == UINT32_MAX);
    CHECK(edge_fer_send_clock_is_fresh(&clock, 1000));
}

/* Both clocks wrap on the way. */
static edge_fer_send_clock running(uint32_t sent_ms, uint32_t now_ms)
{
    edge_fer_send_clock clock;

    edge_fer_send_clock_init(&clock);
    for (uint32_t i = 0; i < 50; i++) {
        edge_fer_send_clock_take(&clock, sent_ms - 4900 + 100 * i, now_ms - 4900 + 100 * i + i % 7);
    }
    return clock;
}

static void the_age_is_counted_from_the_latest_message(void)
{
    static const uint32_t starts[] = {0, 100, 5000, UINT32_MAX, UINT32_MAX / 2, UINT32_MAX / 2 + 9};

    for (unsigned i = 0; i < 36; i++) {
        const uint32_t now_ms = starts[i % 6];
        const edge_fer_send_clock clock = running(starts[i / 6], now_ms);

        CHECK(edge_fer_send_clock_age_ms(&clock, now_ms) == 0);
        CHECK(edge_fer_send_clock_age_ms(&clock, now_ms + 499) <= 500);
        CHECK(edge_fer_send_clock_age_ms(&clock, now_ms + 499) >= 497);
        CHECK(edge_fer_send_clock_is_fresh(&clock, now_ms + 490));
        CHECK(!edge_fer_send_clock_is_fresh(&clock, now_ms + 510));
    }
}

/* For ten seconds nothing is read, then all of it at once, then what comes. */
static void what_waited_in_a_queue_is_stale(void)
{
    edge_fer_send_clock clock = running(0, 5000);

    for (uint32_t i = 1; i <= 100; i++) {
        const bool is_old = i < 95;

        edge_fer_send_clock_take(&clock, 100 * i, 15000 + i);
        CHECK(edge_fer_send_clock_is_fresh(&clock, 15000 + i) == !is_old || (i >= 94 && i <= 97));
    }
    edge_fer_send_clock_take(&clock, 10100, 15100);
    CHECK(edge_fer_send_clock_is_fresh(&clock, 15100));
}

/* A reader that begins with a full queue has nothing to compare it with until it is empty. */
static void a_queue_that_was_there_before_is_noticed_while_it_is_emptied(void)
{
    edge_fer_send_clock clock;
    uint32_t i;

    edge_fer_send_clock_init(&clock);
    edge_fer_send_clock_take(&clock, 0, 10000);
    for (i = 1; i <= 100; i++) {
        edge_fer_send_clock_take(&clock, 100 * i, 10000 + i);
        CHECK(!edge_fer_send_clock_is_fresh(&clock, 10000 + i));
    }
    for (i = 1; i <= 4; i++) {
        edge_fer_send_clock_take(&clock, 10000 + 100 * i, 10100 + 100 * i);
        CHECK(edge_fer_send_clock_is_fresh(&clock, 10100 + 100 * i) == (i >= 3));
    }
}

static void a_sender_that_begins_anew_is_believed(void)
{
    edge_fer_send_clock clock = running(100000, 5000);

    edge_fer_send_clock_take(&clock, 70, 7000);
    CHECK(edge_fer_send_clock_age_ms(&clock, 7000) == 0);
    CHECK(edge_fer_send_clock_age_ms(&clock, 6990) == 0); /* a clock that was read before */
    CHECK(edge_fer_send_clock_is_fresh(&clock, 7000));
}

static void clocks_may_drift_apart(void)
{
    edge_fer_send_clock clock = running(0, 5000);
    uint32_t sent_ms = 0;

    for (uint32_t i = 1; i <= 360000; i++) { /* ten hours at 200 ppm */
        sent_ms += 100;
        edge_fer_send_clock_take(&clock, sent_ms, 5000 + sent_ms + sent_ms / 5000);
        CHECK(edge_fer_send_clock_age_ms(&clock, 5000 + sent_ms + sent_ms / 5000) < 20);
    }
}

void test_send_clock(void)
{
    RUN(nothing_is_known_before_the_first_message);
    RUN(the_age_is_counted_from_the_latest_message);
    RUN(what_waited_in_a_queue_is_stale);
    RUN(a_queue_that_was_there_before_is_noticed_while_it_is_emptied);
    RUN(a_sender_that_begins_anew_is_believed);
    RUN(clocks_may_drift_apart);
}
