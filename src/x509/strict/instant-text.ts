const fewInstants = 64;

/** Remembers what was made of the last few instants: a request writes its own several times, certificates of one second have the same. */
export function ofInstant<Made>(make: (instant: Date) => Made): (instant: Date) => Made {
  const made = new Map<number, Made>();
  return (instant) => {
    const time = instant.getTime();
    let one = made.get(time);
    if (one !== undefined) return one;
    if (made.size === fewInstants) made.clear();
    made.set(time, (one = make(instant)));
    return one;
  };
}

/** As `toISOString`, which takes 0.4 µs. */
export const instantText = ofInstant((instant) => instant.toISOString());
