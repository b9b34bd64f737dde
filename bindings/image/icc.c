/*
 * icc.c - conversions to sRGB by lcms. Called by colour.c, on the library's pixels, and by
 * lane_colour.c, on a JPEG's.
 */
#include "bindings/image/icc.h"
#include "bindings/image/srgb.h"

#include <lcms2.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct icc {
    cmsContext context;
    cmsHTRANSFORM transform;
    enum icc_pixels pixels;
    void *profile; /* what it was made from, owned */
    size_t length;
    int users; /* under the mutex; being kept counts as one */
};

/* A profile has at most a megabyte (metadata_bytes of limits.c), a conversion half of one. */
enum { KEPT = 3 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct icc *kept[KEPT]; /* the last used is the first */

static void destroy(struct icc *icc)
{
    if (icc->transform != NULL) {
        cmsDeleteTransform(icc->transform);
    }
    if (icc->context != NULL) {
        cmsDeleteContext(icc->context);
    }
    free(icc->profile);
    free(icc);
}

static cmsHTRANSFORM connect(cmsContext context, const void *profile, size_t length,
                             enum icc_pixels pixels)
{
    static const cmsUInt32Number from_type[] = {TYPE_GRAY_8, TYPE_RGB_8, TYPE_GRAY_16, TYPE_RGB_16,
                                                TYPE_CMYK_16};
    cmsUInt32Number to_type = pixels <= ICC_RGB_8 ? TYPE_RGB_8 : TYPE_RGB_16;
    unsigned char srgb[SRGB_PROFILE_MAX];
    size_t srgb_length = srgb_profile(srgb);
    cmsHPROFILE from = cmsOpenProfileFromMemTHR(context, profile, (cmsUInt32Number)length);
    cmsHPROFILE to = cmsOpenProfileFromMemTHR(context, srgb, (cmsUInt32Number)srgb_length);
    cmsHTRANSFORM transform = NULL;
    if (from != NULL && to != NULL) {
        transform = cmsCreateTransformTHR(context, from, from_type[pixels], to, to_type,
                                          INTENT_PERCEPTUAL, 0);
    }
    if (to != NULL) {
        (void)cmsCloseProfile(to);
    }
    if (from != NULL) {
        (void)cmsCloseProfile(from);
    }
    return transform;
}

static struct icc *create(const void *profile, size_t length, enum icc_pixels pixels)
{
    struct icc *icc = calloc(1, sizeof *icc);
    if (icc == NULL) {
        return NULL;
    }
    icc->pixels = pixels;
    icc->length = length;
    icc->users = 1;
    icc->profile = malloc(length > 0 ? length : 1);
    icc->context = cmsCreateContext(NULL, NULL);
    if (icc->profile != NULL && icc->context != NULL) {
        memcpy(icc->profile, profile, length);
        icc->transform = connect(icc->context, profile, length, pixels);
    }
    if (icc->transform == NULL) {
        destroy(icc);
        return NULL;
    }
    return icc;
}

/* ---- what is kept --------------------------------------------------------------------------- */

/* All of it under the mutex. */
static void release(struct icc *icc)
{
    icc->users--;
    if (icc->users == 0) {
        destroy(icc);
    }
}

/* Moves those before `place` on by one, and puts `icc` at the front. */
static void put_first(struct icc *icc, size_t place)
{
    memmove(kept + 1, kept, place * sizeof kept[0]);
    kept[0] = icc;
}

static struct icc *find(const void *profile, size_t length, enum icc_pixels pixels)
{
    for (size_t i = 0; i < KEPT && kept[i] != NULL; i++) {
        struct icc *icc = kept[i];
        if (icc->pixels == pixels && icc->length == length &&
            memcmp(icc->profile, profile, length) == 0) {
            put_first(icc, i);
            icc->users++;
            return icc;
        }
    }
    return NULL;
}

static void keep(struct icc *icc)
{
    if (kept[KEPT - 1] != NULL) {
        release(kept[KEPT - 1]);
    }
    put_first(icc, KEPT - 1);
    icc->users++;
}

struct icc *icc_open(const void *profile, size_t length, enum icc_pixels pixels)
{
    (void)pthread_mutex_lock(&mutex);
    struct icc *icc = find(profile, length, pixels);
    (void)pthread_mutex_unlock(&mutex);
    if (icc != NULL) {
        return icc;
    }
    icc = create(profile, length, pixels);
    if (icc != NULL) {
        (void)pthread_mutex_lock(&mutex);
        keep(icc);
        (void)pthread_mutex_unlock(&mutex);
    }
    return icc;
}

void icc_close(struct icc *icc)
{
    if (icc == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&mutex);
    release(icc);
    (void)pthread_mutex_unlock(&mutex);
}

void icc_convert(const struct icc *icc, const void *from, void *to, size_t count)
{
    cmsDoTransform(icc->transform, from, to, (cmsUInt32Number)count);
}
