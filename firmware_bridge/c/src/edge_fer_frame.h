/* A CAN frame as every transport carries it: a classic data frame. */
#ifndef EDGE_FER_FRAME_H
#define EDGE_FER_FRAME_H

#include <stdint.h>

enum { EDGE_FER_MAX_ID = 0x7FF, EDGE_FER_MAX_LENGTH = 8 };

/* In the id of a frame with 29 bits, as in DBC files and SocketCAN. */
#define EDGE_FER_EXTENDED_ID ((uint32_t)0x80000000UL)
#define EDGE_FER_MAX_EXTENDED_ID ((uint32_t)0x1FFFFFFFUL)

typedef struct {
    uint32_t id;
    uint8_t length; /* of the data, 0 to 8 */
    uint8_t data[EDGE_FER_MAX_LENGTH];
} edge_fer_frame;

#endif
