#include "edge_fer_e2e.h"

const edge_fer_e2e_config edge_fer_e2e_default = {{4, 2, 1}, {4, 2, 1}, {3, 3, 0}};

bool edge_fer_is_usable(edge_fer_check check)
{
    return check.trust == EDGE_FER_VALID &&
           (check.status == EDGE_FER_OK || check.status == EDGE_FER_SOME_LOST);
}

bool edge_fer_is_older(uint32_t since_ms, uint32_t now_ms, uint32_t limit_ms)
{
    const uint32_t age_ms = now_ms - since_ms;

    return age_ms > limit_ms && age_ms <= UINT32_MAX - EDGE_FER_MAX_CLOCK_SKEW_MS;
}

void edge_fer_sequence_init(edge_fer_sequence *sequence, uint32_t timeout_ms,
                            const edge_fer_e2e_config *config)
{
    *sequence = (edge_fer_sequence){
        .config = config, .trust = EDGE_FER_NODATA, .timeout_ms = timeout_ms};
}

static uint8_t count(uint16_t checks, uint8_t window_size)
{
    uint8_t found = 0;

    for (uint8_t i = 0; i < window_size; i++) {
        found = (uint8_t)(found + (((uint32_t)checks >> i) & 1U));
    }
    return found;
}

/* Trusts the sender no more, and forgets what led to it (ClearToInvalid). */
static void distrust(edge_fer_sequence *sequence)
{
    sequence->good = 0;
    sequence->damaged = 0;
    sequence->trust = EDGE_FER_INVALID;
}

static void add_check(edge_fer_sequence *sequence, bool is_good, bool is_damaged)
{
    const edge_fer_e2e_config *config = sequence->config;
    const edge_fer_window *window = &config->init;
    bool has_enough;
    bool has_too_many;

    if (sequence->trust == EDGE_FER_NODATA) {
        if (!is_good) {
            return;
        }
        sequence->trust = EDGE_FER_INIT;
    } else if (sequence->trust == EDGE_FER_VALID) {
        window = &config->valid;
    } else if (sequence->trust == EDGE_FER_INVALID) {
        window = &config->invalid;
    } else {
        /* INIT, as it began. */
    }
    sequence->good = (uint16_t)(((uint32_t)sequence->good << 1) | (is_good ? 1U : 0U));
    sequence->damaged = (uint16_t)(((uint32_t)sequence->damaged << 1) | (is_damaged ? 1U : 0U));
    has_enough = count(sequence->good, window->window_size) >= window->min_ok;
    has_too_many = count(sequence->damaged, window->window_size) > window->max_error;
    if (sequence->trust == EDGE_FER_INIT && has_too_many) {
        distrust(sequence);
    } else if (has_enough && !has_too_many) {
        sequence->trust = EDGE_FER_VALID;
    } else if (sequence->trust == EDGE_FER_VALID) {
        distrust(sequence);
    } else {
        /* Not yet enough. */
    }
}

edge_fer_trust edge_fer_sequence_age(edge_fer_sequence *sequence, uint32_t now_ms)
{
    if (sequence->timeout_ms != 0 && sequence->trust != EDGE_FER_NODATA &&
        edge_fer_is_older(sequence->last_good_ms, now_ms, sequence->timeout_ms)) {
        /* Once it is said, the clock may wrap as often as it likes: only good frames undo it. */
        distrust(sequence);
    }
    return sequence->trust;
}

edge_fer_check edge_fer_sequence_check(edge_fer_sequence *sequence, uint8_t counter,
                                       uint8_t highest, bool is_fresh, uint32_t now_ms)
{
    /* The first frame has nothing to be compared with; that two are needed covers it. */
    uint8_t delta = 1;

    if (sequence->has_counter) {
        delta = (uint8_t)(counter - sequence->counter) & highest;
    }
    sequence->has_counter = true;
    sequence->counter = counter;
    if (!is_fresh) {
        return edge_fer_sequence_missed(sequence, EDGE_FER_STALE);
    }
    if (delta == 0) {
        return edge_fer_sequence_missed(sequence, EDGE_FER_REPEATED);
    }
    if (delta > EDGE_FER_MAX_DELTA_COUNTER) {
        return edge_fer_sequence_missed(sequence, EDGE_FER_WRONG_SEQUENCE);
    }
    sequence->last_good_ms = now_ms;
    add_check(sequence, true, false);
    return (edge_fer_check){
        .status = delta == 1 ? EDGE_FER_OK : EDGE_FER_SOME_LOST,
        .trust = sequence->trust,
        .lost = (uint8_t)(delta - 1),
    };
}

edge_fer_check edge_fer_sequence_missed(edge_fer_sequence *sequence, edge_fer_status status)
{
    add_check(sequence, false, status == EDGE_FER_WRONG_CRC);
    return edge_fer_sequence_unchanged(sequence, status);
}

edge_fer_check edge_fer_sequence_unchanged(const edge_fer_sequence *sequence,
                                           edge_fer_status status)
{
    return (edge_fer_check){.status = status, .trust = sequence->trust, .lost = 0};
}
