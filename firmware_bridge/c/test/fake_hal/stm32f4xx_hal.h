/* As much of ST's HAL as the README uses, with the names and types of the real one. */
#ifndef STM32F4XX_HAL_H
#define STM32F4XX_HAL_H

#include <stdint.h>

typedef enum { HAL_OK, HAL_ERROR, HAL_BUSY, HAL_TIMEOUT } HAL_StatusTypeDef;

typedef struct {
    volatile uint32_t NDTR; /* how much of the ring is left to write */
} DMA_Stream_TypeDef;

typedef struct {
    DMA_Stream_TypeDef *Instance;
} DMA_HandleTypeDef;

typedef struct {
    DMA_HandleTypeDef *hdmarx;
} UART_HandleTypeDef;

#define __HAL_DMA_GET_COUNTER(handle) ((handle)->Instance->NDTR)

uint32_t HAL_GetTick(void);
HAL_StatusTypeDef HAL_UART_Receive_DMA(UART_HandleTypeDef *uart, uint8_t *data, uint16_t size);
HAL_StatusTypeDef HAL_UART_Transmit(UART_HandleTypeDef *uart, const uint8_t *data, uint16_t size,
                                    uint32_t timeout);

#endif
