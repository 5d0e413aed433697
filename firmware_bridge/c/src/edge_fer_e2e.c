#include "edge_fer_e2e.h"

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

void edge_fer_sequence_init(edge_fer_sequence *sequence, uint32_t timeout_ms)
{
    *sequence = (edge_fer_sequence){.trust = EDGE_FER_NO_DATA, .timeout_ms = timeout_ms};
}

/* Only reached after a frame: the first one of all can be neither too old nor out of sequence. */
static void distrust(edge_fer_sequence *sequence)
{
    sequence->good_in_a_row = 0;
    sequence->trust = EDGE_FER_INVALID;
}

static void trust(edge_fer_sequence *sequence)
{
    uint8_t needed = EDGE_FER_GOOD_TO_START;

    if (sequence->good_in_a_row < EDGE_FER_GOOD_TO_RECOVER) {
        sequence->good_in_a_row++;
    }
    if (sequence->trust == EDGE_FER_NO_DATA) {
        sequence->trust = EDGE_FER_INITIAL;
    } else if (sequence->trust == EDGE_FER_INVALID) {
        needed = EDGE_FER_GOOD_TO_RECOVER;
    }
    if (sequence->good_in_a_row >= needed) {
        sequence->trust = EDGE_FER_VALID;
    }
}

edge_fer_trust edge_fer_sequence_age(edge_fer_sequence *sequence, uint32_t now_ms)
{
    if (sequence->timeout_ms != 0 && sequence->trust != EDGE_FER_NO_DATA &&
        edge_fer_is_older(sequence->last_good_ms, now_ms, sequence->timeout_ms)) {
        /* Once it is said, the clock may wrap as often as it likes: only good frames undo it. */
        distrust(sequence);
    }
    return sequence->trust;
}

edge_fer_check edge_fer_sequence_check(edge_fer_sequence *sequence, uint8_t counter,
                                       uint8_t highest, uint32_t now_ms)
{
    /* The first frame has nothing to be compared with; that two are needed covers it. */
    uint8_t delta = 1;

    if (sequence->has_counter) {
        delta = (uint8_t)(counter - sequence->counter) & highest;
    }
    sequence->has_counter = true;
    sequence->counter = counter;
    if (delta == 0) {
        return edge_fer_sequence_unchanged(sequence, EDGE_FER_REPEATED);
    }
    if (delta > EDGE_FER_MAX_DELTA_COUNTER) {
        distrust(sequence);
        return edge_fer_sequence_unchanged(sequence, EDGE_FER_WRONG_SEQUENCE);
    }
    sequence->last_good_ms = now_ms;
    trust(sequence);
    return (edge_fer_check){
        .status = delta == 1 ? EDGE_FER_OK : EDGE_FER_SOME_LOST,
        .trust = sequence->trust,
        .lost = (uint8_t)(delta - 1),
    };
}

edge_fer_check edge_fer_sequence_unchanged(const edge_fer_sequence *sequence,
                                           edge_fer_status status)
{
    return (edge_fer_check){.status = status, .trust = sequence->trust, .lost = 0};
}
