#include "edge_fer_profile22.h"

enum { COUNTER_MASK = 0x0F, MIN_LENGTH = 2 };

#define POLYNOMIAL 0x2FU

static uint8_t add_to_crc(uint8_t crc, uint8_t byte)
{
    unsigned sum = (unsigned)crc ^ byte;

    for (unsigned bit = 0; bit < 8U; bit++) {
        sum = (sum & 0x80U) != 0U ? (sum << 1) ^ POLYNOMIAL : sum << 1;
    }
    return (uint8_t)(sum & 0xFFU);
}

uint8_t edge_fer_profile22_crc(const uint8_t *data, size_t length, uint8_t data_id)
{
    uint8_t crc = 0xFFU;

    for (size_t i = 1; i < length; i++) {
        crc = add_to_crc(crc, data[i]);
    }
    return (uint8_t)(add_to_crc(crc, data_id) ^ 0xFFU);
}

void edge_fer_profile22_sender_init(edge_fer_profile22_sender *sender, const uint8_t data_ids[16])
{
    sender->data_ids = data_ids;
    sender->counter = 0;
}

bool edge_fer_profile22_protect(edge_fer_profile22_sender *sender, uint8_t *data, size_t length)
{
    if (length < MIN_LENGTH) {
        return false;
    }
    sender->counter = (sender->counter + 1) & COUNTER_MASK;
    data[1] = (uint8_t)((data[1] & 0xF0) | sender->counter);
    data[0] = edge_fer_profile22_crc(data, length, sender->data_ids[sender->counter]);
    return true;
}

void edge_fer_profile22_receiver_init(edge_fer_profile22_receiver *receiver,
                                      const uint8_t data_ids[16], uint32_t timeout_ms,
                                      const edge_fer_e2e_config *config)
{
    receiver->data_ids = data_ids;
    edge_fer_sequence_init(&receiver->sequence, timeout_ms, config);
}

edge_fer_check edge_fer_profile22_check(edge_fer_profile22_receiver *receiver, const uint8_t *data,
                                        size_t length, uint32_t now_ms)
{
    return edge_fer_profile22_check_age(receiver, data, length, true, now_ms);
}

edge_fer_check edge_fer_profile22_check_age(edge_fer_profile22_receiver *receiver,
                                            const uint8_t *data, size_t length, bool is_fresh,
                                            uint32_t now_ms)
{
    uint8_t counter;

    (void)edge_fer_sequence_age(&receiver->sequence, now_ms);
    if (data == NULL) {
        return edge_fer_sequence_missed(&receiver->sequence, EDGE_FER_NO_NEW_DATA);
    }
    if (length < MIN_LENGTH) {
        return edge_fer_sequence_missed(&receiver->sequence, EDGE_FER_WRONG_CRC);
    }
    counter = data[1] & COUNTER_MASK;
    if (data[0] != edge_fer_profile22_crc(data, length, receiver->data_ids[counter])) {
        return edge_fer_sequence_missed(&receiver->sequence, EDGE_FER_WRONG_CRC);
    }
    return edge_fer_sequence_check(&receiver->sequence, counter, COUNTER_MASK, is_fresh,
                                   now_ms);
}
