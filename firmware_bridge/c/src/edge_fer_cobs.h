/*
 * Frames as packets on a noisy serial line: COBS framing with a CRC-32.
 *
 * A packet is the CAN id, the data (0 to 8 bytes) and the CRC-32 of both (four bytes, low first;
 * the one of Ethernet and zip). An 11-bit id has two bytes, low first. A 29-bit id has four: its
 * upper 13 bits with 0x8000 set, low first, then its lower 16 bits, low first. COBS (Cheshire and
 * Baker, "Consistent Overhead Byte Stuffing", 1999) then replaces its zero bytes, so that a zero on
 * the line can only be the end of a packet. One stands before it too: whatever noise came before
 * ends there, and costs no frame.
 */
#ifndef EDGE_FER_COBS_H
#define EDGE_FER_COBS_H

#include <stdbool.h>
#include <stddef.h>

#include "edge_fer_frame.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    EDGE_FER_COBS_MAX_STUFFED = 17,   /* 29-bit id, eight bytes, CRC and what COBS adds */
    EDGE_FER_COBS_ENCODED_LENGTH = 19 /* of the longest frame, both delimiters too */
};

/* Its counters are for reading; two delimiters in a row enclose nothing. They wrap. */
typedef struct {
    uint32_t frames;
    uint32_t rejected_packets;
    uint32_t rejected_bytes; /* in rejected packets, their delimiters included */
    uint8_t stuffed[EDGE_FER_COBS_MAX_STUFFED];
    uint8_t length;   /* of what waits in `stuffed` for its end */
    bool is_overlong; /* the rest of this packet is thrown away */
} edge_fer_cobs_parser;

void edge_fer_cobs_init(edge_fer_cobs_parser *parser);

/* Takes one byte; true if it completes a frame, which then is in `frame`. */
bool edge_fer_cobs_feed(edge_fer_cobs_parser *parser, uint8_t byte, edge_fer_frame *frame);

/* Writes the packet of `frame`; returns its length, 0 if id or length are too large. */
size_t edge_fer_cobs_encode(const edge_fer_frame *frame,
                            uint8_t packet[EDGE_FER_COBS_ENCODED_LENGTH]);

#ifdef __cplusplus
}
#endif

#endif
