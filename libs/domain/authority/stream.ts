/** What the authorized body orders for everybody: extensions of a term, our own outages, corrections of the calendar. */
export const authorityStream = 'authority-orders';
