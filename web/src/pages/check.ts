// Entry of the self-check page.
import '../styles/base.css';
import '../styles/site.css';
import '../styles/check.css';
import { defineCheck } from '../check/define.ts';
import { startPageLanguage } from '../i18n/catalogue.ts';
import ofCheck from 'virtual:catalogue/check';
import { defineClock } from '../lesson/clock_element.ts';

startPageLanguage(ofCheck);
defineClock();
defineCheck();
