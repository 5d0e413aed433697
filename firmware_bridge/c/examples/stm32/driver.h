/* The driver's state on an STM32; call each of these from the main loop. */
#ifndef DRIVER_H
#define DRIVER_H

#include <stdint.h>

void driver_start(void);
uint8_t driver_poll(void);
void driver_report(uint16_t speed_raw);

#endif
