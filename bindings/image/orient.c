/*
 * orient.c - the eight EXIF orientations. Called by the engine before the steps, which speak of
 * displayed pixels, and by resize.c, which writes its pixels where they are displayed.
 */
#include "bindings/image/orient.h"

bool orient_image(Image **image, int orientation, struct error *err)
{
    if (orientation <= 1 || orientation > 8) {
        return true;
    }
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    /* The library's numbers for orientations are EXIF's. */
    Image *made = AutoOrientImage(*image, (OrientationType)orientation, &exception);
    return pixels_replace(image, made, &exception, "orient", err);
}

/* How a displayed picture is made of the stored one: first the mirrors, then the exchange of rows
 * and columns. */
struct turn {
    bool from_right, from_below, swapped;
};

static const struct turn turns[] = {
    [1] = {false, false, false}, [2] = {true, false, false}, [3] = {true, true, false},
    [4] = {false, true, false},  [5] = {false, false, true}, [6] = {false, true, true},
    [7] = {true, true, true},    [8] = {true, false, true},
};

static struct turn turn_of(int orientation)
{
    return turns[orientation >= 1 && orientation <= 8 ? orientation : 1];
}

static int number_of(struct turn turn)
{
    int number = 8;
    while (number > 1 &&
           (turns[number].from_right != turn.from_right ||
            turns[number].from_below != turn.from_below || turns[number].swapped != turn.swapped)) {
        number--;
    }
    return number;
}

/* What is mirrored last is, once rows and columns are exchanged, mirrored the other way before. */
static int mirrored(int orientation, bool left_to_right)
{
    struct turn turn = turn_of(orientation);
    if (turn.swapped != left_to_right) {
        turn.from_right = !turn.from_right;
    } else {
        turn.from_below = !turn.from_below;
    }
    return number_of(turn);
}

int orient_flopped(int orientation)
{
    return mirrored(orientation, true);
}

int orient_flipped(int orientation)
{
    return mirrored(orientation, false);
}

int orient_transposed(int orientation)
{
    struct turn turn = turn_of(orientation);
    turn.swapped = !turn.swapped;
    return number_of(turn);
}

bool orient_swaps(int orientation)
{
    return turn_of(orientation).swapped;
}

struct pixels_area orient_stored(struct pixels_area area, int orientation, int64_t width,
                                 int64_t height)
{
    struct turn turn = turn_of(orientation);
    struct pixels_area stored = area;
    if (turn.swapped) {
        stored = (struct pixels_area){area.y, area.x, area.height, area.width};
    }
    if (turn.from_right) {
        stored.x = width - stored.x - stored.width;
    }
    if (turn.from_below) {
        stored.y = height - stored.y - stored.height;
    }
    return stored;
}

struct pixels_area orient_displayed(struct pixels_area area, int orientation, int64_t width,
                                    int64_t height)
{
    struct turn turn = turn_of(orientation);
    struct pixels_area displayed = area;
    if (turn.from_right) {
        displayed.x = width - area.x - area.width;
    }
    if (turn.from_below) {
        displayed.y = height - area.y - area.height;
    }
    if (turn.swapped) {
        displayed =
            (struct pixels_area){displayed.y, displayed.x, displayed.height, displayed.width};
    }
    return displayed;
}

struct orient_path orient_path(int orientation, int64_t width, int64_t height)
{
    struct turn turn = turn_of(orientation);
    struct orient_path path = {.across = turn.swapped ? height : 1,
                               .down = turn.swapped ? 1 : width};
    if (turn.from_right) {
        path.start += (width - 1) * path.across;
        path.across = -path.across;
    }
    if (turn.from_below) {
        path.start += (height - 1) * path.down;
        path.down = -path.down;
    }
    return path;
}
