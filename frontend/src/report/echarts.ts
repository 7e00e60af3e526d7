// The parts of the chart library that reports use; loaded with the first chart.
import { BarChart, LineChart } from 'echarts/charts'
import { GridSimpleComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'

use([BarChart, LineChart, GridSimpleComponent, CanvasRenderer])

export { init }
