/*
 * AUTOSAR E2E Profile 5, for CAN FD: a CRC-16, an 8-bit counter and a Data ID that is never sent.
 *
 * Bytes 0 and 1 are the CRC, low byte first, over bytes 2 to the last and then the Data ID, low
 * byte first; byte 2 is the counter. (AUTOSAR, E2E Protocol Specification, R22-11.)
 */
#ifndef EDGE_FER_PROFILE5_H
#define EDGE_FER_PROFILE5_H

#include <stddef.h>

#include "edge_fer_e2e.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    uint16_t data_id;
    uint8_t counter; /* of the next frame; the first of all has 0 */
} edge_fer_profile5_sender;

typedef struct {
    uint16_t data_id;
    edge_fer_sequence sequence;
} edge_fer_profile5_receiver;

uint16_t edge_fer_profile5_crc(const uint8_t *data, size_t length, uint16_t data_id);

void edge_fer_profile5_sender_init(edge_fer_profile5_sender *sender, uint16_t data_id);

/* Puts the next counter and the CRC into `data`; false, and nothing done, below 3 bytes. */
bool edge_fer_profile5_protect(edge_fer_profile5_sender *sender, uint8_t *data, size_t length);

/* `timeout_ms` without a good frame and the sender is no longer trusted; 0 is never. */
void edge_fer_profile5_receiver_init(edge_fer_profile5_receiver *receiver, uint16_t data_id,
                                     uint32_t timeout_ms);

/* Judges what arrived at `now_ms`; NULL where nothing did, which is how a time-out is noticed. */
edge_fer_check edge_fer_profile5_check(edge_fer_profile5_receiver *receiver, const uint8_t *data,
                                       size_t length, uint32_t now_ms);

#ifdef __cplusplus
}
#endif

#endif
