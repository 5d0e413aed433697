#include "edge_fer_send_clock.h"

enum {
    /* Where the messages suddenly become so much faster, the ones before came out of a queue, and
     * the next may do so too; for so long after the latest such step none is taken for fresh. */
    STEP_MS = 50,
    SETTLE_MS = 300
};

/* Two quartz clocks run apart by up to 244 ppm: the fastest message is believed less and less. */
#define DRIFT_SHIFT 12U

/* Whether a difference of two counters that may have wrapped is below zero. */
static bool is_negative(uint32_t difference_ms)
{
    return difference_ms > UINT32_MAX / 2U;
}

void edge_fer_send_clock_init(edge_fer_send_clock *clock)
{
    *clock = (edge_fer_send_clock){.is_known = false};
}

void edge_fer_send_clock_take(edge_fer_send_clock *clock, uint32_t sent_ms, uint32_t arrived_ms)
{
    const uint32_t shift_ms = arrived_ms - sent_ms;

    if (!clock->is_known || is_negative(sent_ms - clock->sent_ms)) {
        clock->shift_ms = shift_ms; /* a sender that began anew */
        clock->is_known = true;
    } else {
        uint32_t faster_ms;

        clock->drifted_ms += arrived_ms - clock->arrived_ms;
        clock->shift_ms += clock->drifted_ms >> DRIFT_SHIFT;
        clock->drifted_ms &= (1UL << DRIFT_SHIFT) - 1U;
        faster_ms = clock->shift_ms - shift_ms;
        if (!is_negative(faster_ms)) {
            clock->shift_ms = shift_ms;
            if (faster_ms > STEP_MS) {
                clock->is_queued = true;
                clock->queued_ms = arrived_ms;
            }
        }
    }
    clock->sent_ms = sent_ms;
    clock->arrived_ms = arrived_ms;
    if (clock->is_queued && arrived_ms - clock->queued_ms >= SETTLE_MS) {
        clock->is_queued = false;
    }
}

uint32_t edge_fer_send_clock_age_ms(const edge_fer_send_clock *clock, uint32_t now_ms)
{
    const uint32_t age_ms = now_ms - clock->sent_ms - clock->shift_ms;

    if (!clock->is_known) {
        return UINT32_MAX;
    }
    return is_negative(age_ms) ? 0 : age_ms;
}

bool edge_fer_send_clock_is_fresh(const edge_fer_send_clock *clock, uint32_t now_ms)
{
    return !clock->is_known || (!clock->is_queued && edge_fer_send_clock_age_ms(clock, now_ms) <=
                                                         EDGE_FER_MAX_AGE_MS);
}
