// Entry of the lesson pages for adults: what every staff page has, and the other side's hour while one is chosen.
import '../styles/base.css';
import '../styles/staff.css';
import '../styles/print.css';
import '../styles/lessons.css';
import '../styles/clock.css';
import { defineClock } from '../lesson/clock_element.ts';
import { startComforts } from '../staff/comforts.ts';
import { defineOtherSide } from '../staff/other_side.ts';

defineClock();
startComforts();
defineOtherSide();
