// Entry of the pages of scheduling: drawn by the server, so this is style, the clocks of the top, rows in place, a brush.
import './staff.ts';
import '../styles/hours.css';
import '../styles/clock.css';
import '../styles/school_hours.css';
import { startPainting } from '../staff/painting.ts';
import { startRows } from '../staff/rows.ts';

startPainting();
startRows();
