// Entry of the pages for adults: drawn by the server, usable without this script; it adds the clock and small comforts.
import '../styles/base.css';
import '../styles/staff.css';
import '../styles/print.css';
import { defineClock } from '../lesson/clock_element.ts';
import { startComforts } from '../staff/comforts.ts';

defineClock();
startComforts();
