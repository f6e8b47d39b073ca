// Entry of the lesson pages for adults: the dual clock, and the other side's hour while one is chosen.
import '../styles/base.css';
import '../styles/staff.css';
import '../styles/lessons.css';
import { defineClock } from '../lesson/clock_element.ts';
import { defineOtherSide } from '../staff/other_side.ts';

defineClock();
defineOtherSide();
