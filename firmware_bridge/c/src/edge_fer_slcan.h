/*
 * SLCAN (Lawicel's ASCII protocol): frames to lines, and a parser that survives any byte.
 *
 * A data frame with an 11-bit id is `t`, three hex digits of id, one of length, two for each byte
 * of data, and a carriage return: t3A08B4D003AF90140405. Everything else on the line is either a
 * legal sentence that is none of our business (commands, replies, remote and extended frames),
 * which is ignored, or it is rejected; both are counted.
 */
#ifndef EDGE_FER_SLCAN_H
#define EDGE_FER_SLCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "edge_fer_frame.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    EDGE_FER_SLCAN_ENCODED_LENGTH = 22, /* of a frame with eight bytes, the carriage return too */
    EDGE_FER_SLCAN_MAX_LINE = 30        /* the longest legal one: extended, with a time-stamp */
};

/* Its counters are for reading; every complete line is in one of the first three. They wrap. */
typedef struct {
    uint32_t frames;
    uint32_t ignored_lines; /* legal, but not a data frame with an 11-bit id */
    uint32_t rejected_lines;
    uint32_t rejected_bytes; /* in rejected lines, their carriage returns included */
    uint8_t line[EDGE_FER_SLCAN_MAX_LINE];
    uint8_t length;   /* of what waits in `line` for its end */
    bool is_overlong; /* the rest of this line is thrown away */
} edge_fer_slcan_parser;

void edge_fer_slcan_init(edge_fer_slcan_parser *parser);

/* Takes one byte; true if it completes a frame, which then is in `frame`. */
bool edge_fer_slcan_feed(edge_fer_slcan_parser *parser, uint8_t byte, edge_fer_frame *frame);

/* Writes the line of `frame`; returns its length, 0 if id or length are too large. */
size_t edge_fer_slcan_encode(const edge_fer_frame *frame,
                             uint8_t line[EDGE_FER_SLCAN_ENCODED_LENGTH]);

#ifdef __cplusplus
}
#endif

#endif
