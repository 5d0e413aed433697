#include "edge_fer_profile5.h"

enum { CRC_LENGTH = 2, COUNTER_AT = 2, HIGHEST_COUNTER = 0xFF, MIN_LENGTH = 3 };

static uint16_t add_to_crc(uint16_t crc, uint8_t byte)
{
    crc = (uint16_t)(crc ^ (unsigned)byte << 8);
    for (unsigned bit = 0; bit < 8; bit++) {
        const unsigned shifted = (unsigned)crc << 1;

        crc = (uint16_t)((crc & 0x8000U) != 0 ? shifted ^ 0x1021U : shifted);
    }
    return crc;
}

uint16_t edge_fer_profile5_crc(const uint8_t *data, size_t length, uint16_t data_id)
{
    uint16_t crc = 0xFFFF;

    for (size_t i = CRC_LENGTH; i < length; i++) {
        crc = add_to_crc(crc, data[i]);
    }
    crc = add_to_crc(crc, (uint8_t)(data_id & 0xFF));
    return add_to_crc(crc, (uint8_t)(data_id >> 8));
}

void edge_fer_profile5_sender_init(edge_fer_profile5_sender *sender, uint16_t data_id)
{
    sender->data_id = data_id;
    sender->counter = 0;
}

bool edge_fer_profile5_protect(edge_fer_profile5_sender *sender, uint8_t *data, size_t length)
{
    uint16_t crc;

    if (length < MIN_LENGTH) {
        return false;
    }
    data[COUNTER_AT] = sender->counter;
    crc = edge_fer_profile5_crc(data, length, sender->data_id);
    data[0] = (uint8_t)(crc & 0xFF);
    data[1] = (uint8_t)(crc >> 8);
    sender->counter++;
    return true;
}

void edge_fer_profile5_receiver_init(edge_fer_profile5_receiver *receiver, uint16_t data_id,
                                     uint32_t timeout_ms)
{
    receiver->data_id = data_id;
    edge_fer_sequence_init(&receiver->sequence, timeout_ms);
}

edge_fer_check edge_fer_profile5_check(edge_fer_profile5_receiver *receiver, const uint8_t *data,
                                       size_t length, uint32_t now_ms)
{
    uint16_t crc;

    (void)edge_fer_sequence_age(&receiver->sequence, now_ms);
    if (data == NULL) {
        return edge_fer_sequence_unchanged(&receiver->sequence, EDGE_FER_NO_NEW_DATA);
    }
    if (length < MIN_LENGTH) {
        return edge_fer_sequence_unchanged(&receiver->sequence, EDGE_FER_WRONG_CRC);
    }
    crc = edge_fer_profile5_crc(data, length, receiver->data_id);
    if (data[0] != (crc & 0xFF) || data[1] != crc >> 8) {
        return edge_fer_sequence_unchanged(&receiver->sequence, EDGE_FER_WRONG_CRC);
    }
    return edge_fer_sequence_check(&receiver->sequence, data[COUNTER_AT], HIGHEST_COUNTER, now_ms);
}
