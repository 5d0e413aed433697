/* A CAN frame as every transport carries it: a data frame with an 11-bit id. */
#ifndef EDGE_FER_FRAME_H
#define EDGE_FER_FRAME_H

#include <stdint.h>

enum { EDGE_FER_MAX_ID = 0x7FF, EDGE_FER_MAX_LENGTH = 8 };

typedef struct {
    uint16_t id;
    uint8_t length; /* of the data, 0 to 8 */
    uint8_t data[EDGE_FER_MAX_LENGTH];
} edge_fer_frame;

#endif
