#include "edge_fer_cobs.h"

#include <string.h>

enum {
    DELIMITER = 0,
    ID_LENGTH = 2,
    CRC_LENGTH = 4,
    MIN_PACKET = ID_LENGTH + CRC_LENGTH,
    MAX_PACKET = MIN_PACKET + EDGE_FER_MAX_LENGTH
};

static uint32_t crc32(const uint8_t *data, size_t length)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < length; i++) {
        crc ^= data[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = (crc & 1U) != 0 ? (crc >> 1) ^ 0xEDB88320U : crc >> 1;
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
        memcpy(&packet[packet_length], &stuffed[position], in_block);
        packet_length += in_block;
        position += in_block;
        if (position == length) {
            return packet_length;
        }
        packet[packet_length] = 0;
        packet_length++;
    }
}

static bool parse_packet(const uint8_t *stuffed, size_t length, edge_fer_frame *frame)
{
    uint8_t packet[MAX_PACKET];
    const size_t packet_length = unstuff(stuffed, length, packet);
    size_t content_length;
    unsigned id;

    if (packet_length < MIN_PACKET) {
        return false;
    }
    content_length = packet_length - CRC_LENGTH;
    id = packet[0] | (unsigned)packet[1] << 8;
    if (read_crc(&packet[content_length]) != crc32(packet, content_length) ||
        id > EDGE_FER_MAX_ID) {
        return false;
    }
    frame->id = id;
    frame->length = (uint8_t)(content_length - ID_LENGTH);
    memset(frame->data, 0, sizeof frame->data);
    memcpy(frame->data, &packet[ID_LENGTH], frame->length);
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
    memset(parser, 0, sizeof *parser);
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

size_t edge_fer_cobs_encode(const edge_fer_frame *frame,
                            uint8_t packet[EDGE_FER_COBS_ENCODED_LENGTH])
{
    uint8_t content[MAX_PACKET];
    size_t content_length;
    size_t block_at = 1;
    size_t length = 2;
    uint32_t crc;

    if (frame->id > EDGE_FER_MAX_ID || frame->length > EDGE_FER_MAX_LENGTH) {
        return 0;
    }
    content[0] = (uint8_t)(frame->id & 0xFF);
    content[1] = (uint8_t)(frame->id >> 8);
    memcpy(&content[ID_LENGTH], frame->data, frame->length);
    content_length = ID_LENGTH + (size_t)frame->length;
    crc = crc32(content, content_length);
    for (unsigned shift = 0; shift < 32; shift += 8) {
        content[content_length++] = (uint8_t)(crc >> shift & 0xFF);
    }

    packet[0] = DELIMITER;
    for (size_t i = 0; i < content_length; i++) {
        if (content[i] == 0) {
            packet[block_at] = (uint8_t)(length - block_at);
            block_at = length++;
        } else {
            packet[length++] = content[i];
        }
    }
    packet[block_at] = (uint8_t)(length - block_at);
    packet[length++] = DELIMITER;
    return length;
}
