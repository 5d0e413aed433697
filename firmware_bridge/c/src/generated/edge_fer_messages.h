/* What the codec leaves out. Written from driver_state.dbc by generate.py; do not edit. */
#ifndef EDGE_FER_MESSAGES_H
#define EDGE_FER_MESSAGES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of the messages' layout; Health.ProtocolVersion is that of the camera unit. */
enum { EDGE_FER_PROTOCOL_VERSION = 1 };

/* Places in edge_fer_messages; those that a controller receives come first. */
enum {
    EDGE_FER_DRIVER_STATE = 0,
    EDGE_FER_EMOTION_PROBABILITIES = 1,
    EDGE_FER_HEALTH = 2,
    EDGE_FER_DRIVER_REQUEST = 3,
    EDGE_FER_PIPELINE_FIGURES = 4,
    EDGE_FER_FAULT_COUNTERS = 5,
    EDGE_FER_DRIVER_EVIDENCE = 6,
    EDGE_FER_LINK_TIMING = 7,
    EDGE_FER_CONTROLLER_STATUS = 8,
    EDGE_FER_MESSAGE_COUNT = 9,
    EDGE_FER_RECEIVED_COUNT = 8
};

typedef struct {
    uint32_t id; /* of 29 bits: with EDGE_FER_EXTENDED_ID */
    uint8_t length;
    uint32_t timeout_ms; /* 3.5 cycles; 0: sent only while there is something to say */
    uint8_t data_ids[16];
} edge_fer_message;

extern const edge_fer_message edge_fer_messages[EDGE_FER_MESSAGE_COUNT];

#ifdef __cplusplus
}
#endif

#endif
