#include "edge_fer_cobs.h"

#include <string.h>

enum {
    DELIMITER = 0,
    ID_LENGTH = 2,
    EXTENDED_ID_LENGTH = 4,
    CRC_LENGTH = 4,
    MIN_PACKET = ID_LENGTH + CRC_LENGTH,
    MAX_PACKET = EXTENDED_ID_LENGTH + EDGE_FER_MAX_LENGTH + CRC_LENGTH
};

/* In the first two bytes of a 29-bit id. */
#define EXTENDED_MARK ((uint32_t)0x8000UL)

static uint32_t crc32(const uint8_t *data, size_t length)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < length; i++) {
        crc ^= data[i];
        for (unsigned bit = 0; bit < 8U; bit++) {
            crc = (crc & 1U) != 0U ? (crc >> 1) ^ 0xEDB88320U : crc >> 1;
        }
    }
    return ~crc;
}

static uint32_t read_crc(const uint8_t bytes[CRC_LENGTH])
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

/* Returns the length of the packet; 0 if the lengths of the blocks do not fit. */
static size_t unstuff(const uint8_t *stuffed, size_t length, uint8_t packet[MAX_PACKET])
{
    size_t packet_length = 0;
    size_t position = 0;

    for (;;) {
        const size_t in_block = stuffed[position] - 1U; /* zeros never get here */

        position++;
        if (in_block > length - position) {
            return 0;
        }
        (void)memcpy(&packet[packet_length], &stuffed[position], in_block);
        packet_length += in_block;
        position += in_block;
        if (position == length) {
            return packet_length;
        }
        packet[packet_length] = 0;
        packet_length++;
    }
}

static uint32_t read_two(const uint8_t bytes[2])
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

/* Returns how many bytes of `content` are the id; 0 if they are none. */
static size_t read_id(const uint8_t *content, size_t length, uint32_t *id)
{
    const uint32_t first = read_two(content);

    *id = first;
    if ((first & EXTENDED_MARK) == 0U) {
        return first <= (uint32_t)EDGE_FER_MAX_ID ? ID_LENGTH : 0;
    }
    if (length < EXTENDED_ID_LENGTH) {
        return 0;
    }
    *id = ((first & ~EXTENDED_MARK) << 16) | read_two(&content[ID_LENGTH]);
    if (*id > EDGE_FER_MAX_EXTENDED_ID) {
        return 0;
    }
    *id |= EDGE_FER_EXTENDED_ID;
    return EXTENDED_ID_LENGTH;
}

static bool parse_packet(const uint8_t *stuffed, size_t length, edge_fer_frame *frame)
{
    uint8_t packet[MAX_PACKET];
    const size_t packet_length = unstuff(stuffed, length, packet);
    size_t content_length;
    size_t id_length;
    uint32_t id;

    if (packet_length < MIN_PACKET) {
        return false;
    }
    content_length = packet_length - CRC_LENGTH;
    if (read_crc(&packet[content_length]) != crc32(packet, content_length)) {
        return false;
    }
    id_length = read_id(packet, content_length, &id);
    if (id_length == 0 || content_length - id_length > EDGE_FER_MAX_LENGTH) {
        return false;
    }
    frame->id = id;
    frame->length = (uint8_t)(content_length - id_length);
    (void)memset(frame->data, 0, sizeof frame->data);
    (void)memcpy(frame->data, &packet[id_length], frame->length);
    return true;
}

static bool end_packet(edge_fer_cobs_parser *parser, edge_fer_frame *frame)
{
    bool is_frame;

    if (parser->length == 0 && !parser->is_overlong) {
        return false;
    }
    is_frame = !parser->is_overlong && parse_packet(parser->stuffed, parser->length, frame);
    if (is_frame) {
        parser->frames++;
    } else {
        parser->rejected_packets++;
        parser->rejected_bytes += parser->length + 1U;
    }
    parser->length = 0;
    parser->is_overlong = false;
    return is_frame;
}

void edge_fer_cobs_init(edge_fer_cobs_parser *parser)
{
    (void)memset(parser, 0, sizeof *parser);
}

bool edge_fer_cobs_feed(edge_fer_cobs_parser *parser, uint8_t byte, edge_fer_frame *frame)
{
    if (byte == DELIMITER) {
        return end_packet(parser, frame);
    }
    if (parser->is_overlong) {
        parser->rejected_bytes++;
    } else if (parser->length == EDGE_FER_COBS_MAX_STUFFED) {
        parser->rejected_bytes += parser->length + 1U;
        parser->length = 0;
        parser->is_overlong = true;
    } else {
        parser->stuffed[parser->length] = byte;
        parser->length++;
    }
    return false;
}

/* Returns how many bytes of `content` the id takes. */
static size_t write_id(uint32_t id, bool is_extended, uint8_t *content)
{
    const uint32_t first = is_extended ? (id >> 16) | EXTENDED_MARK : id;

    content[0] = (uint8_t)(first & 0xFFU);
    content[1] = (uint8_t)(first >> 8);
    if (!is_extended) {
        return ID_LENGTH;
    }
    content[2] = (uint8_t)(id & 0xFFU);
    content[3] = (uint8_t)((id >> 8) & 0xFFU);
    return EXTENDED_ID_LENGTH;
}

size_t edge_fer_cobs_encode(const edge_fer_frame *frame,
                            uint8_t packet[EDGE_FER_COBS_ENCODED_LENGTH])
{
    const bool is_extended = (frame->id & EDGE_FER_EXTENDED_ID) != 0;
    const uint32_t id = frame->id & ~EDGE_FER_EXTENDED_ID;
    uint8_t content[MAX_PACKET];
    size_t content_length;
    size_t block_at = 1;
    size_t length = 2;
    uint32_t crc;

    if (id > (is_extended ? EDGE_FER_MAX_EXTENDED_ID : (uint32_t)EDGE_FER_MAX_ID) ||
        frame->length > EDGE_FER_MAX_LENGTH) {
        return 0;
    }
    content_length = write_id(id, is_extended, content);
    (void)memcpy(&content[content_length], frame->data, frame->length);
    content_length += frame->length;
    crc = crc32(content, content_length);
    for (unsigned shift = 0; shift < 32U; shift += 8U) {
        content[content_length] = (uint8_t)((crc >> shift) & 0xFFU);
        content_length++;
    }

    packet[0] = DELIMITER;
    for (size_t i = 0; i < content_length; i++) {
        if (content[i] == 0) {
            packet[block_at] = (uint8_t)(length - block_at);
            block_at = length;
            length++;
        } else {
            packet[length] = content[i];
            length++;
        }
    }
    packet[block_at] = (uint8_t)(length - block_at);
    packet[length] = DELIMITER;
    return length + 1U;
}
