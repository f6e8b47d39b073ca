// Entry of every page without media: the dual clock is all it needs.
import '../styles/base.css';
import '../styles/site.css';
import { defineClock } from '../lesson/clock_element.ts';

defineClock();
