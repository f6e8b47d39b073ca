// Entry of the pages of scheduling: drawn by the server, so this is style, the clocks of the top, and rows in place.
import './staff.ts';
import '../styles/hours.css';
import '../styles/school_hours.css';
import { startRows } from '../staff/rows.ts';

startRows();
