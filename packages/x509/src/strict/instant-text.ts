/** Has no factor in common with the milliseconds of a second, so that whole seconds use all places. */
const places = 61;

/** Remembers what was made of the last few instants: a request writes its own several times, certificates of one second have the same. */
export function ofInstant<Made>(make: (instant: Date) => Made): (instant: Date) => Made {
  const last: { readonly time: number; readonly made: Made }[] = [];
  return (instant) => {
    const time = instant.getTime();
    const place = Math.abs(time % places);
    const known = last[place];
    if (known?.time === time) return known.made;
    const made = make(instant);
    last[place] = { time, made };
    return made;
  };
}

/** As `toISOString`, which takes 0.4 µs. */
export const instantText = ofInstant((instant) => instant.toISOString());
