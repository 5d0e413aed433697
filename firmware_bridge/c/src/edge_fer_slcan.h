/*
 * SLCAN (Lawicel's ASCII protocol): frames to lines, and a parser that survives any byte.
 *
 * A data frame with an 11-bit id is `t`, three hex digits of id, one of length, two for each byte
 * of data, and a carriage return: t3A08B4D003AF90140405. With a 29-bit id it is `T` and eight
 * digits. An adapter may append a time-stamp of four digits or of eight, which is not looked at. Every other line is one of three kinds, all counted:
 * a legal sentence (commands, replies, remote and FD frames) is ignored; text is foreign;
 * what looks like a frame and is not one, or is not text at all, is rejected.
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
    EDGE_FER_SLCAN_ENCODED_LENGTH = 27, /* of an extended frame with eight bytes and its end */
    EDGE_FER_SLCAN_MAX_LINE = 34,       /* the longest classic one: extended, with a time-stamp */
    EDGE_FER_SLCAN_MAX_LONG_LINE = 146  /* of an FD frame, or of text; nothing of it is kept */
};

/* Its counters are for reading; every complete line is in one of the first four. They wrap. */
typedef struct {
    uint32_t frames;
    uint32_t ignored_lines; /* legal, but not a classic data frame */
    uint32_t foreign_lines; /* text */
    uint32_t rejected_lines;
    uint32_t foreign_bytes;  /* in foreign lines, their ends included */
    uint32_t rejected_bytes; /* in rejected lines, their ends included */
    uint32_t pending;        /* bytes that wait for the end of their line */
    uint8_t line[EDGE_FER_SLCAN_MAX_LINE]; /* of them, from the latest `t` on if there is one */
    uint8_t length;                        /* of what is in `line` */
    uint8_t first;                         /* byte of the line */
    bool is_overlong; /* nothing is kept until the next `t` or the end of the line */
    bool is_text;
    bool is_hex; /* all but the first byte */
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
